using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Bench.Api;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Models;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Bench.Serving;

/// <summary>
/// What callers notice of a roll-out: requests of one JPEG come to the API at a steady rate, while nothing changes and then while revisions that no server
/// has loaded yet are added, activated and rolled back without a pause. A request counts from when it was due, so one that waits behind another is not
/// overlooked. Both times alternate, so that other load on the machine affects both.
/// </summary>
internal static class RollOut
{
    private const string Model = "small";
    private const int PerSecond = 40;
    private const int Rounds = 4;

    /// <summary>Enough for the longest run: each activation has a new one.</summary>
    private const int Exports = 400;

    public static async Task RunAsync(string folder, Uri files, Uri server, string key, TimeSpan duration, CancellationToken cancellation)
    {
        BenchData data = await BenchData.CreateAsync(Bench.Server.FromEnvironment(), projects: 1, cancellation);
        Queue<Guid> exports = await AddExportsAsync(data, folder, cancellation);
        await using BenchProcess app = await BenchProcess.StartAppAsync(data, cancellation, new Dictionary<string, string>
        {
            ["EXTERNAL_STORAGE_ENDPOINT"] = files.ToString().TrimEnd('/'), ["MODEL_SERVER_URLS"] = server.ToString(), ["MODEL_SERVER_API_KEY"] = key, ["RATE_LIMIT_PREDICTIONS"] = "0",
        });
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{app.Port}/api/v1/"), Timeout = TimeSpan.FromMinutes(2) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", data.Token);
        Guid deployment = await DeployAsync(http, exports.Dequeue(), cancellation);
        byte[] image = await File.ReadAllBytesAsync(Path.Combine(folder, $"{Model}.jpg"), cancellation);

        var (before, during, rollOuts) = (new List<double>(), new List<double>(), 0);
        var failures = new List<string>();
        await SteadyAsync(http, deployment, image, duration, [], [], cancellation);
        long begun = Stopwatch.GetTimestamp();
        for (int round = 0; round < Rounds; round++)
        {
            await SteadyAsync(http, deployment, image, duration / Rounds, before, failures, cancellation);
            using var changing = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            Task<int> changes = ChangeAsync(http, deployment, exports, changing.Token);
            await SteadyAsync(http, deployment, image, duration / Rounds, during, failures, cancellation);
            await changing.CancelAsync();
            rollOuts += await changes;
        }
        if (failures.Count > 0)
            throw new InvalidOperationException($"roll-out: {failures.Count} of {before.Count + during.Count + failures.Count} requests failed: {failures[0]}");
        (double p99Before, double p99) = (Report.Percentile(before, 99), Report.Percentile(during, 99));
        Report.Result("roll-out", during.Count, during, (before.Count + during.Count) / Stopwatch.GetElapsedTime(begun).TotalSeconds, new JsonObject
        {
            ["rollOuts"] = rollOuts, ["failed"] = failures.Count, ["p99BeforeMs"] = Report.Rounded(p99Before), ["p99Ms"] = Report.Rounded(p99), ["p99Ratio"] = Report.Rounded(p99 / p99Before),
        });
    }

    /// <summary>Adds, activates and rolls back until it is told to stop. Returns how many times it did all of it.</summary>
    private static async Task<int> ChangeAsync(HttpClient http, Guid deployment, Queue<Guid> exports, CancellationToken stop)
    {
        int done = 0;
        for (; !stop.IsCancellationRequested && exports.Count > 0; done++)
        {
            using HttpResponseMessage added = await http.PostAsJsonAsync($"deployments/{deployment}/revisions", new { exportId = exports.Dequeue() }, CancellationToken.None);
            int revision = (await ReadAsync(added)).GetProperty("number").GetInt32();
            await UntilReadyAsync(http, $"deployments/{deployment}/revisions/{revision}/activate");
            await UntilReadyAsync(http, $"deployments/{deployment}/roll-back");
        }
        return done;
    }

    /// <summary>Whoever changes a deployment comes again while a model is loaded.</summary>
    private static async Task UntilReadyAsync(HttpClient http, string address)
    {
        while (true)
        {
            using HttpResponseMessage answer = await http.PostAsync(address, null, CancellationToken.None);
            if ((int)answer.StatusCode != 503)
            {
                await ReadAsync(answer);
                return;
            }
        }
    }

    private static async Task SteadyAsync(HttpClient http, Guid deployment, byte[] image, TimeSpan duration, List<double> times, List<string> failures, CancellationToken cancellation)
    {
        long begun = Stopwatch.GetTimestamp();
        int count = (int)(duration.TotalSeconds * PerSecond);
        var sent = new List<Task<(double Milliseconds, string? Failure)>>(count);
        for (int number = 0; number < count; number++)
        {
            TimeSpan due = TimeSpan.FromSeconds((double)number / PerSecond);
            if (due - Stopwatch.GetElapsedTime(begun) is { Ticks: > 0 } left)
                await Task.Delay(left, cancellation);
            sent.Add(PredictAsync(due));
        }
        foreach ((double milliseconds, string? failure) in await Task.WhenAll(sent))
        {
            if (failure is null)
                times.Add(milliseconds);
            else
                failures.Add(failure);
        }

        async Task<(double, string?)> PredictAsync(TimeSpan due)
        {
            try
            {
                using var content = new ByteArrayContent(image) { Headers = { ContentType = new MediaTypeHeaderValue("image/jpeg") } };
                using HttpResponseMessage answer = await http.PostAsync($"infer/{deployment}", content, cancellation);
                string text = await answer.Content.ReadAsStringAsync(cancellation);
                return ((Stopwatch.GetElapsedTime(begun) - due).TotalMilliseconds, answer.IsSuccessStatusCode ? null : $"{(int)answer.StatusCode} {text}");
            }
            catch (HttpRequestException failure)
            {
                return (0, failure.Message);
            }
        }
    }

    private static async Task<Guid> DeployAsync(HttpClient http, Guid export, CancellationToken cancellation)
    {
        using HttpResponseMessage made = await http.PostAsJsonAsync("deployments", new { exportId = export, name = "Rolled out" }, cancellation);
        Guid deployment = (await ReadAsync(made)).GetProperty("id").GetGuid();
        while (true)
        {
            using HttpResponseMessage answer = await http.GetAsync($"deployments/{deployment}", cancellation);
            string state = (await ReadAsync(answer)).GetProperty("state").GetString()!;
            if (state == "active")
                return deployment;
            if (state == "failed")
                throw new InvalidOperationException($"The deployment failed: {await answer.Content.ReadAsStringAsync(cancellation)}");
            await Task.Delay(50, cancellation);
        }
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer)
    {
        string text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? JsonElement.Parse(text) : throw new InvalidOperationException($"{answer.RequestMessage?.RequestUri?.AbsolutePath}: {(int)answer.StatusCode} {text}");
    }

    /// <summary>Completed exports of one model, which servers know as different models.</summary>
    private static async Task<Queue<Guid>> AddExportsAsync(BenchData data, string folder, CancellationToken cancellation)
    {
        byte[] file = await File.ReadAllBytesAsync(Path.Combine(folder, $"{Model}.onnx"), cancellation);
        JsonElement metadata = JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(folder, $"{Model}.json"), cancellation));
        await using var database = new PlatformDatabase(new DbContextOptionsBuilder<PlatformDatabase>().UseNpgsql(data.Platform).Options);
        Guid project = await database.Projects.Select(row => row.Id).SingleAsync(cancellation);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        var version = new DatasetVersion
        {
            DatasetId = data.Dataset, Number = 1, Hash = new string('a', 64), State = DatasetVersionState.Ready, ImageCount = 1, SizeBytes = 1, ClassCounts = [], SplitCounts = new SplitCounts(1, 0, 0),
            ManifestKey = "none", CreatedBy = data.User, CreatedAt = now, ReadyAt = now,
        };
        var job = new TrainingJob
        {
            ProjectId = project, DatasetVersionId = version.Id, Name = Model, Framework = "torchvision", Model = "small_cnn", TaskType = TaskType.ImageClassification, Config = [], CreatedBy = data.User, CreatedAt = now,
        };
        foreach (JobState state in (JobState[])[JobState.Queued, JobState.Starting, JobState.Running, JobState.Finalizing, JobState.Completed])
            job.MoveTo(state, now);
        var model = new Model { ProjectId = project, Name = Model, TaskType = job.TaskType, LatestVersion = 1, CreatedAt = now };
        var trained = new ModelVersion
        {
            ModelId = model.Id, ProjectId = project, Number = 1, JobId = job.Id, DatasetVersionId = version.Id, Framework = job.Framework, Architecture = job.Model, TaskType = job.TaskType, Classes = ["0"],
            Metrics = [], ConfusionMatrix = [[1]], PerClass = [], CheckpointKey = "none", CheckpointSize = 1, CheckpointSha256 = new string('c', 64), CheckpointEpoch = 1, CreatedAt = now,
        };
        database.AddRange(version, job, model, trained);
        var ids = new Queue<Guid>();
        for (int number = 0; number < Exports; number++)
        {
            var export = new Export
            {
                ProjectId = project, ModelVersionId = trained.Id, Format = "onnx", Options = [], Key = $"{Model}.onnx", Size = file.Length, Sha256 = Convert.ToHexStringLower(SHA256.HashData(file)), Metadata = metadata,
                CreatedBy = data.User, CreatedAt = now,
            };
            export.MoveTo(ExportState.Running, now);
            export.MoveTo(ExportState.Completed, now);
            database.Exports.Add(export);
            ids.Enqueue(export.Id);
        }
        await database.SaveChangesAsync(cancellation);
        return ids;
    }
}
