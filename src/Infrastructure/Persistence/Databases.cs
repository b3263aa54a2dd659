namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>The databases, and the keys under which their <c>NpgsqlDataSource</c> is registered.</summary>
public static class Databases
{
    public const string Platform = "platform", Users = "users";

    public static ModuleDatabase<PlatformDatabase> OfPlatform { get; } = new(
        Platform, "DATABASE_URL", "PostgreSQL of the platform: projects, datasets, jobs, models", options => new PlatformDatabase(options));

    public static ModuleDatabase<UserDatabase> OfUsers { get; } = new(
        Users, "USER_DATABASE_URL", "PostgreSQL of accounts and memberships; a database of its own", options => new UserDatabase(options))
    {
        HealthCheck = "user_database",
    };
}
