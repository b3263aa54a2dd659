namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>The databases, and the keys under which their <c>NpgsqlDataSource</c> is registered.</summary>
public static class Databases
{
    public const string Platform = "platform", Users = "users";

    public static ModuleDatabase<PlatformDatabase> OfPlatform { get; } = new(
        Platform, "DATABASE_URL", "PostgreSQL of the platform: projects, datasets, jobs, models", options => new PlatformDatabase(options))
    {
        DerivedTables =
        [
            "idempotent_answers", "dataset_uploads", "annotation_imports", "annotation_import_images", "annotation_import_objects", "trainers", "trainer_leases", "person_turns", "epoch_metrics", "job_events", "deployment_usage", "deployment_hours", "shadow_comparisons", "shadow_pairs", "shadow_differences", "import_issues",
        ],
    };

    public static ModuleDatabase<UserDatabase> OfUsers { get; } = new(
        Users, "USER_DATABASE_URL", "PostgreSQL of accounts and memberships; a database of its own", options => new UserDatabase(options))
    {
        HealthCheck = "user_database",
        DerivedTables = ["idempotent_answers", "refresh_tokens", "sessions", "mailed_tokens", "queued_mails", "mail_counts", "sign_in_failures"],
    };
}
