using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using VisionPlatform.Images;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Bench.Api;

/// <summary>Only the measured work: Kestrel, Npgsql with the app's pool settings, and the presigner, without authentication.</summary>
internal static class BareServer
{
    private sealed record Row(Guid Id, string Name, string? Description, Guid OwnerId, DateTime CreatedAt, DateTime UpdatedAt);

    private sealed record NewProject(string Name, string? Description);

    private sealed record NewFile(string Path, long Size, string ContentType);

    private sealed record NewFiles(IReadOnlyList<NewFile> Files);

    public static async Task RunAsync(CancellationToken cancellation)
    {
        var user = Guid.Parse(Environment.GetEnvironmentVariable("BENCH_BARE_USER")!);
        var dataset = Guid.Parse(Environment.GetEnvironmentVariable("BENCH_BARE_DATASET")!);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var database = NpgsqlDataSource.Create(Environment.GetEnvironmentVariable("BENCH_BARE_DATABASE") + ";Maximum Pool Size=15");
        using var stores = new ObjectStores(StorageSettings.From(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["EXTERNAL_STORAGE_ENDPOINT"] = "http://127.0.0.1:9", ["EXTERNAL_STORAGE_ACCESS_KEY"] = "bench", ["EXTERNAL_STORAGE_SECRET_KEY"] = "bench-secret",
        }).Build()), TimeProvider.System);
        await using var app = builder.Build();
        app.MapGet("/ready", () => "ready");
        app.MapGet("/nothing", () => Results.Ok(new { nothing = true }));
        app.MapGet("/projects", async () => new { items = await ListAsync(database, user) });
        app.MapPost("/projects", async (NewProject wanted) => TypedResults.Created("/projects", await CreateAsync(database, user, wanted)));
        // Use another user, so that the app does not count these uploads when it checks the quota of the signed-in person.
        var other = Guid.CreateVersion7();
        app.MapPost("/presign", async (NewFiles wanted) => new { uploads = await PresignAsync(database, stores.External, other, dataset, wanted.Files) });
        await app.StartAsync(cancellation);
        await Task.Delay(Timeout.Infinite, cancellation);
    }

    private static async Task<List<Row>> ListAsync(NpgsqlDataSource database, Guid user)
    {
        await using var command = database.CreateCommand("SELECT id, name, description, owner_id, created_at, updated_at FROM projects WHERE owner_id = $1 AND deleted_at IS NULL ORDER BY id DESC LIMIT 21");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = user });
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<Row>(20);
        while (await reader.ReadAsync() && rows.Count < 20)
            rows.Add(new Row(reader.GetGuid(0), reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetString(2), reader.GetGuid(3), reader.GetDateTime(4), reader.GetDateTime(5)));
        return rows;
    }

    private static async Task<Row> CreateAsync(NpgsqlDataSource database, Guid user, NewProject wanted)
    {
        var row = new Row(Guid.CreateVersion7(), wanted.Name, wanted.Description, user, DateTime.UtcNow, DateTime.UtcNow);
        await using var command = database.CreateCommand("INSERT INTO projects (id, name, description, owner_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = row.Id });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = row.Name });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = row.Description });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = user });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = row.CreatedAt });
        await command.ExecuteNonQueryAsync();
        return row;
    }

    private static async Task<List<object>> PresignAsync(NpgsqlDataSource database, ObjectStore store, Guid user, Guid dataset, IReadOnlyList<NewFile> files)
    {
        var ids = files.Select(_ => Guid.CreateVersion7()).ToArray();
        var keys = ids.Select(id => $"incoming/{id}").ToArray();
        await using var command = database.CreateCommand(
            """
            INSERT INTO dataset_uploads (id, dataset_id, path, folded_path, key, content_type, size, created_by, created_at, expires_at)
            SELECT u.id, $1, u.path, u.path, u.key, 'image/png', u.size, $2, now(), now() + interval '1 hour' FROM unnest($3, $4, $5, $6) AS u(id, path, key, size)
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = dataset });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = user });
        command.Parameters.Add(new NpgsqlParameter { Value = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter { Value = files.Select(file => "bare/" + file.Path).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter { Value = keys, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter { Value = files.Select(file => file.Size).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
        await command.ExecuteNonQueryAsync();
        return [.. files.Select((file, i) => (object)new { uploadId = ids[i], file.Path, store.PresignPutOnce(keys[i], file.ContentType, file.Size, TimeSpan.FromHours(1)).Url })];
    }
}
