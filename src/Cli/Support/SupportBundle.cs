using System.Globalization;
using System.IO.Compression;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Npgsql;
using VisionPlatform.Application.Modules;
using VisionPlatform.Cli.Databases;
using VisionPlatform.Cli.Durable;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Cli.Support;

/// <summary>
/// Writes a ZIP of text files: <c>about.json</c>, <c>settings.txt</c>, <c>databases.txt</c>, <c>work.json</c>, <c>operations.json</c>,
/// <c>orchestrations.txt</c>, <c>health.json</c>, and given files under <c>files/</c>. All of them go through <see cref="Redaction"/>. A part that
/// cannot be read says why instead: a bundle is most needed when something is away.
/// </summary>
internal sealed class SupportBundle(IConfiguration configuration, Redaction redaction, TimeProvider time)
{
    private const int MostOrchestrations = 200;
    private const int MostOfFile = 5_000_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    // Codes and times, no names and messages: those are the users'. Every list is bounded.
    private const string Work =
        """
        SELECT json_build_object(
            'jobs', (SELECT json_object_agg(state, n) FROM (SELECT state, count(*) AS n FROM training_jobs GROUP BY state) AS s),
            'exports', (SELECT json_object_agg(state, n) FROM (SELECT state, count(*) AS n FROM exports GROUP BY state) AS s),
            'deployments', (SELECT json_object_agg(state, n) FROM (SELECT state, count(*) AS n FROM deployments GROUP BY state) AS s),
            'datasetVersions', (SELECT json_object_agg(state, n) FROM (SELECT state, count(*) AS n FROM dataset_versions GROUP BY state) AS s),
            'trainers', (SELECT json_agg(t) FROM (SELECT framework, seen_at FROM trainers ORDER BY framework) AS t),
            'attemptsUnderWay', (SELECT json_agg(a) FROM (
                SELECT id, subject_id, kind, number, trainer, state, created_at, started_at, last_heartbeat_at FROM attempts
                WHERE state IN ('waiting', 'starting', 'running') ORDER BY created_at LIMIT 100) AS a),
            'lastFailures', (SELECT json_agg(a) FROM (
                SELECT id, subject_id, kind, number, trainer, error ->> 'code' AS code, error ->> 'category' AS category, started_at, ended_at FROM attempts
                WHERE state = 'failed' ORDER BY ended_at DESC LIMIT 50) AS a))
        """;

    private const string Operations =
        """
        SELECT coalesce(json_agg(o), '[]') FROM (
            SELECT id, kind, state, subject, phase, items, bytes, created_at, started_at, ended_at, error FROM operations ORDER BY id DESC LIMIT 50) AS o
        """;

    /// <summary>Writes the bundle.</summary>
    /// <param name="file">The ZIP; replaced if it exists. Only the owner may read it.</param>
    /// <param name="address">Address of the app; null when it is not known.</param>
    /// <param name="files">Text files to add.</param>
    /// <param name="hub">Name of the task hub.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>What could not be read, a line each.</returns>
    public async Task<IReadOnlyList<string>> WriteAsync(FileInfo file, Uri? address, IReadOnlyList<FileInfo> files, string hub, CancellationToken cancellation)
    {
        var problems = new List<string>();
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var target = new FileStream(file.FullName, options);
        await using var zip = new ZipArchive(target, ZipArchiveMode.Create);
        await AddAsync("about.json", () => Task.FromResult(About()));
        await AddAsync("settings.txt", () => Task.FromResult(SettingsText()));
        await AddAsync("databases.txt", () => DatabasesAsync(cancellation));
        await AddAsync("work.json", () => QueryAsync(Infrastructure.Persistence.Databases.Platform, Work, cancellation));
        await AddAsync("operations.json", () => QueryAsync(Infrastructure.Persistence.Databases.Users, Operations, cancellation));
        await AddAsync("orchestrations.txt", () => OrchestrationsAsync(hub, cancellation));
        if (address is not null)
            await AddAsync("health.json", () => HealthAsync(address, cancellation));
        foreach (var (number, added) in files.Index())
            await AddAsync(string.Create(CultureInfo.InvariantCulture, $"files/{number + 1}-{added.Name}"), () => EndOfAsync(added, cancellation));
        return problems;

        async Task AddAsync(string name, Func<Task<string>> read)
        {
            string text;
            try
            {
                text = await read();
            }
            catch (Exception failure) when (failure is not OperationCanceledException || !cancellation.IsCancellationRequested)
            {
                text = redaction.Of($"could not be read: {Failure.From(failure).Message}");
                problems.Add($"{name} {text}");
            }
            await using var entry = await zip.CreateEntry(name).OpenAsync(cancellation);
            await entry.WriteAsync(Encoding.UTF8.GetBytes(redaction.Of(text)), cancellation);
        }
    }

    private string About() => JsonSerializer.Serialize(
        new
        {
            Version = typeof(SupportBundle).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion,
            Runtime = RuntimeInformation.FrameworkDescription,
            System = RuntimeInformation.OSDescription,
            Architecture = RuntimeInformation.ProcessArchitecture.ToString(),
            Processors = Environment.ProcessorCount,
            MemoryMegabytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1_000_000,
            Time = time.GetUtcNow(),
        }, Json);

    // A value is shown only of a setting that is declared and no secret: what else is in the environment is nobody's business.
    private string SettingsText()
    {
        var reader = new SettingsReader(configuration);
        AppSettings.From(reader);
        var text = new StringBuilder();
        foreach (var setting in reader.Declared)
        {
            var value = configuration[setting.Name] is { Length: > 0 } given ? setting.IsSecret ? "(set)" : given : setting.Default is { } fallback ? $"(default: {fallback})" : "(not set)";
            text.Append(CultureInfo.InvariantCulture, $"{setting.Name} = {value}\n");
        }
        foreach (var problem in reader.Problems)
            text.Append(CultureInfo.InvariantCulture, $"problem: {problem}\n");
        return text.ToString();
    }

    private async Task<string> DatabasesAsync(CancellationToken cancellation)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        foreach (var target in MigrationTarget.All(configuration))
        {
            try
            {
                await new DatabaseMigration(target, time).ShowStatusAsync(Patience, text, cancellation);
            }
            catch (CommandException away)
            {
                await text.WriteLineAsync($"{target.Name}: {away.Message}");
            }
        }
        return text.ToString();
    }

    private async Task<string> QueryAsync(string database, string statement, CancellationToken cancellation)
    {
        var target = MigrationTarget.All(configuration).Single(target => target.Name == database);
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(target.ConnectionString) { CommandTimeout = 30 }.ConnectionString);
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(statement, connection);
        using var answer = JsonDocument.Parse((string)(await command.ExecuteScalarAsync(cancellation))!);
        return JsonSerializer.Serialize(answer.RootElement, Json);
    }

    private static async Task<string> OrchestrationsAsync(string hub, CancellationToken cancellation)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        await using var inspector = await DurableCommands.OpenAsync(hub, cancellation);
        var count = 0;
        await foreach (var check in inspector.CheckReplaysAsync(cancellation))
        {
            if (++count <= MostOrchestrations && await inspector.ExplainAsync(check.InstanceId, cancellation) is { } explanation)
                await DurableCommands.WriteAsync(explanation, text);
        }
        await text.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{count} in flight{(count > MostOrchestrations ? $", the first {MostOrchestrations} are shown" : "")}"));
        return text.ToString();
    }

    private static async Task<string> HealthAsync(Uri address, CancellationToken cancellation)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        using var answer = await http.GetAsync(new Uri(address, "/health/ready"), cancellation);
        return await answer.Content.ReadAsStringAsync(cancellation);
    }

    private static async Task<string> EndOfAsync(FileInfo file, CancellationToken cancellation)
    {
        await using var content = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (content.Length > MostOfFile)
            content.Seek(-MostOfFile, SeekOrigin.End);
        using var reader = new StreamReader(content, Encoding.UTF8);
        if (content.Position > 0)
            await reader.ReadLineAsync(cancellation); // half a line could hide half a secret
        return await reader.ReadToEndAsync(cancellation);
    }
}
