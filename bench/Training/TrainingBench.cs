using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using VisionPlatform.Bench.Api;
using VisionPlatform.Infrastructure.Accounts;

namespace VisionPlatform.Bench.Training;

/// <summary>
/// Measures what running jobs ask of the platform: <c>training [--tiny] [SCENARIO…]</c>. <c>logs-page</c>: pages of a log of 100,000 lines, with filters and
/// from both ends, beside a second log as long; the result is over all of them. <c>ingest</c>: metrics that four trainers report at the same time, in
/// batches of 100 events with 5 values each; <c>perSecond</c> counts values.
/// </summary>
internal static class TrainingBench
{
    private const int Lines = 100_000;
    private const int Trainers = 4;
    private const int EventsInBatch = 100;
    private const int ValuesInEvent = 5;

    private static readonly string[] Pages =
    [
        "", "?last=true", "?level=error", "?level=warning,error&last=true", "?search=worker%20died", "?search=epoch", "?search=sample%2099", "?level=info&search=sample%2077777", "?search=nothing%20like%20this",
    ];

    public static async Task RunAsync(string[] arguments, CancellationToken cancellation)
    {
        var tiny = arguments.Contains("--tiny");
        var named = arguments.Where(argument => !argument.StartsWith("--", StringComparison.Ordinal)).ToList();
        Dictionary<string, Func<BenchData, BenchProcess, bool, CancellationToken, Task>> scenarios = new(StringComparer.Ordinal) { ["logs-page"] = ReadPagesAsync, ["ingest"] = IngestAsync };
        if (named.FirstOrDefault(name => !scenarios.ContainsKey(name)) is { } unknown)
            throw new BenchArgumentException($"There is no scenario '{unknown}'; there are: {string.Join(", ", scenarios.Keys)}.");
        var data = await BenchData.CreateAsync(Server.FromEnvironment(), projects: 1, cancellation);
        await using var app = await BenchProcess.StartAppAsync(data, cancellation);
        foreach (var (name, run) in scenarios.Where(scenario => named.Count == 0 || named.Contains(scenario.Key)))
        {
            Report.Progress(name);
            await run(data, app, tiny, cancellation);
        }
    }

    private static async Task ReadPagesAsync(BenchData data, BenchProcess app, bool tiny, CancellationToken cancellation)
    {
        var job = await NewJobAsync(data, cancellation);
        foreach (var id in (Guid[])[await NewJobAsync(data, cancellation), job])
            await ExecuteAsync(data,
                $$"""
                INSERT INTO job_events (job_id, type, data, time)
                SELECT '{{id}}', 'log', jsonb_build_object('attempt', 1, 'source', 'trainer', 'time', now(), 'level', CASE WHEN i % 5000 = 17 THEN 'error' WHEN i % 500 = 3 THEN 'warning' ELSE 'info' END,
                    'message', CASE WHEN i % 20000 = 4711 THEN 'a data worker died and was started again' ELSE 'epoch ' || i / 1000 || ' batch ' || i % 1000 || ': sample ' || i || ' took ' || round(random()::numeric, 4) || ' s' END), now()
                FROM generate_series(1, {{Lines}}) i
                """, cancellation);
        await ExecuteAsync(data, "VACUUM ANALYZE job_events", cancellation);
        using var http = Client(app, data.Token);
        var rounds = tiny ? 2 : 40;
        var (times, slowest) = (new List<double>(), new Dictionary<string, List<double>>(StringComparer.Ordinal));
        foreach (var page in Pages)
            await GetAsync(page);
        var begun = Stopwatch.GetTimestamp();
        for (var round = 0; round < rounds; round++)
            foreach (var page in Pages)
            {
                var one = Stopwatch.GetTimestamp();
                await GetAsync(page);
                var took = Stopwatch.GetElapsedTime(one).TotalMilliseconds;
                times.Add(took);
                (slowest.TryGetValue(page, out var known) ? known : slowest[page] = []).Add(took);
            }
        var worst = slowest.MaxBy(page => Report.Percentile(page.Value, 95));
        Report.Result("logs-page", times.Count, times, times.Count / Stopwatch.GetElapsedTime(begun).TotalSeconds, new JsonObject
        {
            ["lines"] = Lines, ["slowest"] = worst.Key, ["slowestP95Ms"] = Report.Rounded(Report.Percentile(worst.Value, 95)),
        });

        async Task GetAsync(string page)
        {
            using var answer = await http.GetAsync($"/api/v1/training/jobs/{job}/logs{page}", cancellation);
            await answer.Content.ReadAsByteArrayAsync(cancellation);
            answer.EnsureSuccessStatusCode();
        }
    }

    private static async Task IngestAsync(BenchData data, BenchProcess app, bool tiny, CancellationToken cancellation)
    {
        var batches = tiny ? 2 : 40;
        var tokens = new AttemptTokens(new SignedToken(BenchData.Secret, TimeProvider.System));
        var attempts = new List<Guid>();
        for (var i = 0; i < Trainers; i++)
            attempts.Add(await NewAttemptAsync(data, await NewJobAsync(data, cancellation), cancellation));
        var begun = Stopwatch.GetTimestamp();
        var times = await Task.WhenAll(attempts.Select(attempt => Task.Run(async () =>
        {
            using var http = Client(app, tokens.Mint(attempt, DateTimeOffset.UtcNow.AddHours(1)));
            var took = new List<double>();
            for (var batch = 0; batch < batches; batch++)
            {
                using var body = new StringContent(Batch(batch * EventsInBatch), Encoding.UTF8, "application/json");
                var one = Stopwatch.GetTimestamp();
                using var answer = await http.PostAsync($"/api/v1/trainer/attempts/{attempt}/events", body, cancellation);
                var text = await answer.Content.ReadAsStringAsync(cancellation);
                took.Add(Stopwatch.GetElapsedTime(one).TotalMilliseconds);
                using var reply = JsonDocument.Parse(text);
                if (!answer.IsSuccessStatusCode || reply.RootElement.GetProperty("accepted").GetInt32() != (batch + 1) * EventsInBatch)
                    throw new InvalidOperationException($"The platform answered {(int)answer.StatusCode}: {text}");
            }
            return took;
        }, cancellation)));
        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var events = Trainers * batches * EventsInBatch;
        Report.Result("ingest", events * ValuesInEvent, [.. times.SelectMany(took => took)], events * ValuesInEvent / seconds, new JsonObject { ["eventsPerSecond"] = Report.Rounded(events / seconds) });
    }

    private static string Batch(int first)
    {
        var events = new JsonArray();
        for (var i = 1; i <= EventsInBatch; i++)
        {
            var metrics = new JsonObject();
            for (var value = 0; value < ValuesInEvent; value++)
                metrics[value == 0 ? "loss" : $"metric{value}"] = 1.0 / (first + i + value);
            events.Add(new JsonObject
            {
                ["seq"] = first + i, ["time"] = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture), ["type"] = "metrics", ["epoch"] = first + i, ["totalEpochs"] = 100_000, ["metrics"] = metrics,
                ["epochSeconds"] = 1.5, ["etaSeconds"] = 10,
            });
        }
        return new JsonObject { ["events"] = events }.ToJsonString();
    }

    private static async Task<Guid> NewJobAsync(BenchData data, CancellationToken cancellation)
    {
        var (job, version) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await ExecuteAsync(data,
            $$"""
            INSERT INTO dataset_versions (id, dataset_id, number, hash, state, image_count, size_bytes, class_counts, split_counts, created_by, created_at)
            SELECT '{{version}}', '{{data.Dataset}}', coalesce(max(number), 0) + 1, '', 'ready', 1, 1, '{}', '{"train":1,"val":0,"test":0}', '{{data.User}}', now() FROM dataset_versions;
            INSERT INTO training_jobs (id, project_id, dataset_version_id, name, framework, model, task_type, config, state, cancel_requested, current_epoch, created_by, created_at)
            SELECT '{{job}}', project_id, '{{version}}', 'Bench', 'torchvision', 'small_cnn', 'image_classification', '{}', 'running', false, 0, '{{data.User}}', now() FROM datasets WHERE id = '{{data.Dataset}}'
            """, cancellation);
        return job;
    }

    private static async Task<Guid> NewAttemptAsync(BenchData data, Guid job, CancellationToken cancellation)
    {
        var attempt = Guid.CreateVersion7();
        await ExecuteAsync(data,
            $"""
            INSERT INTO attempts (id, kind, subject_id, number, trainer, state, last_sequence, created_at, started_at)
            VALUES ('{attempt}', 'train', '{job}', 1, 'torchvision', 'running', 0, now(), now())
            """, cancellation);
        return attempt;
    }

    private static HttpClient Client(BenchProcess app, string token) => new()
    {
        BaseAddress = new Uri($"http://127.0.0.1:{app.Port}"), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
    };

    private static async Task ExecuteAsync(BenchData data, string sql, CancellationToken cancellation)
    {
        await using var source = NpgsqlDataSource.Create(data.Platform);
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 600;
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
