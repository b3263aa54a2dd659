using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Bench.Api;

/// <summary>Databases with one signed-in manager, who has no quotas, and her projects and dataset.</summary>
internal sealed record BenchData(string Users, string Platform, string Token, Guid User, Guid Dataset, string Run)
{
    public const string Secret = "a secret of the bench that is long enough to sign with";

    public static async Task<BenchData> CreateAsync(Server server, int projects, CancellationToken cancellation)
    {
        var users = await server.NewDatabaseAsync("bench_api_users", cancellation);
        var platform = await server.NewDatabaseAsync("bench_api_platform", cancellation);
        await using (var context = new UserDatabase(new DbContextOptionsBuilder<UserDatabase>().UseNpgsql(users).Options))
            await context.Database.MigrateAsync(cancellation);
        await using (var context = new PlatformDatabase(new DbContextOptionsBuilder<PlatformDatabase>().UseNpgsql(platform).Options))
            await context.Database.MigrateAsync(cancellation);
        Guid user = Guid.CreateVersion7(), session = Guid.CreateVersion7(), dataset = Guid.CreateVersion7();
        await ExecuteAsync(users,
            $"""
            INSERT INTO users (id, email, normalized_email, full_name, password_hash, role, is_active, must_change_password, created_at, updated_at)
            VALUES ('{user}', 'bench@example.com', 'bench@example.com', 'Bench', '', 'manager', true, false, now(), now());
            INSERT INTO sessions (id, user_id, created_at, last_used_at, expires_at) VALUES ('{session}', '{user}', now(), now(), now() + interval '1 day');
            ANALYZE
            """, cancellation);
        await ExecuteAsync(platform,
            $"""
            INSERT INTO projects (id, name, description, owner_id, created_at, updated_at)
            SELECT gen_random_uuid(), 'Project ' || i, 'Scratches and dents on rolled steel, line ' || i, '{user}', now(), now() FROM generate_series(1, {projects}) i;
            INSERT INTO datasets (id, project_id, name, task_type, split, created_by, created_at, updated_at)
            SELECT '{dataset}', id, 'Plates', 'image_classification', json_build_object('ratios', json_build_array(0.8, 0.1, 0.1), 'stratified', false), '{user}', now(), now() FROM projects LIMIT 1;
            ANALYZE
            """, cancellation);
        var token = new SignedToken(Secret, TimeProvider.System).Sign(new TokenClaims
        {
            Audience = "platform", Subject = user.ToString(), SessionId = session.ToString(), ExpiresAt = DateTimeOffset.UtcNow.AddHours(2).ToUnixTimeSeconds(),
        });
        return new BenchData(users, platform, token, user, dataset, user.ToString("n")[^6..]);
    }

    /// <summary>Deletes announced uploads: an installation rarely has a hundred thousand of them.</summary>
    public Task ForgetUploadsAsync(CancellationToken cancellation) => ExecuteAsync(Platform, "TRUNCATE dataset_uploads", cancellation);

    private static async Task ExecuteAsync(string database, string sql, CancellationToken cancellation)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
