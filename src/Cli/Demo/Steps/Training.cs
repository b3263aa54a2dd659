using System.Text.Json;
using VisionPlatform.Cli.Demo.Api;
using VisionPlatform.Cli.Demo.Rendering;

namespace VisionPlatform.Cli.Demo.Steps;

/// <summary>Creates a training job, starts it and shows its progress until it has ended.</summary>
internal sealed class Training(PlatformClient api, Terminal terminal, TimeProvider time)
{
    private static readonly TimeSpan _modelLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _cancelLimit = TimeSpan.FromSeconds(3);

    private readonly TrainingProgress _progress = new();

    public static async Task<TrainingJob> CreateAsync(
        PlatformClient api, Project project, DatasetVersion version, DemoOptions options, Terminal terminal, CancellationToken cancellation)
    {
        var config = new Dictionary<string, object>
        {
            ["epochs"] = options.Epochs,
            ["batchSize"] = options.BatchSize,
            ["learningRate"] = options.LearningRate,
        };
        var job = await api.CreateJobAsync(
            new NewTrainingJob(project.Id, version.Id, options.Framework, options.Model, $"{options.Folder.Name} {options.Model}", config), cancellation);
        terminal.Line($"job [dim]{job.Id}[/]: {options.Model}, {Format.Count(options.Epochs, "epoch")}, batch {options.BatchSize}, learning rate {options.LearningRate}");
        return job;
    }

    /// <summary>The completed job. If the user interrupts, the job is cancelled first.</summary>
    /// <exception cref="CommandException">The job failed or was cancelled; the message is the job's error.</exception>
    public async Task<TrainingJob> RunAsync(TrainingJob job, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        try
        {
            await api.StartJobAsync(job.Id, cancellation);
            job = await terminal.WhileAsync("waiting", async progress =>
            {
                await foreach (var item in api.JobEventsAsync(job.Id, cancellation))
                {
                    Show(item.EventType, item.Data);
                    progress.Show(_progress.ToString(), _progress.Epoch, _progress.TotalEpochs);
                }
                return await Polling.UntilAsync(
                    $"storing the model of job {job.Id}", _modelLimit, () => api.GetJobAsync(job.Id, cancellation),
                    j => j.Ended && (j.State != "completed" || j.ModelVersionId is not null), cancellation);
            });
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await CancelAsync(job);
            throw;
        }
        if (job.State != "completed")
            throw new CommandException($"the job ended as '{job.State}'. {job.Error?.Describe()}");
        terminal.Line($"took {Format.Seconds(time.GetElapsedTime(started).TotalSeconds)}{Attempts(job)}");
        return job;
    }

    private static string Attempts(TrainingJob job) =>
        job.Attempts is { Count: > 1 } attempts ? $", in {attempts.Count} attempts, the last resumed from epoch {attempts[^1].ResumedFromEpoch ?? 0}" : "";

    /// <summary>Cancels the job, so that no training goes on that nobody waits for.</summary>
    private async Task CancelAsync(TrainingJob job)
    {
        using var limit = new CancellationTokenSource(_cancelLimit, time);
        try
        {
            await api.CancelJobAsync(job.Id, limit.Token);
            terminal.Line($"cancelled job {job.Id}");
        }
        catch (Exception failure) when (failure is ApiException or CommandException or OperationCanceledException)
        {
            terminal.Line($"job {job.Id} may go on: {Failure.From(failure).Message}");
        }
    }

    private void Show(string type, string data)
    {
        switch (type)
        {
            case "state":
                ShowState(Read<StateEvent>(data));
                break;
            case "attempt":
                var attempt = Read<AttemptEvent>(data);
                if (attempt.Number > 1 || attempt.Error is not null)
                    terminal.Line("yellow", $"attempt {attempt.Number} {attempt.State}{(attempt.Error is { } reason ? $" ({reason.Describe()})" : "")}");
                break;
            case "metrics":
                ShowMetrics(Read<MetricsEvent>(data));
                break;
            case "validation":
                var validation = Read<ValidationEvent>(data);
                if (validation.Split == "test")
                    terminal.Line($"test images: {Format.Metrics(validation.Metrics)}");
                break;
            case "log":
                var log = Read<LogEvent>(data);
                if (log.Level is "error" or "warning")
                    terminal.Line("yellow", $"{log.Level}: {log.Message}");
                else if (log.Level != "debug")
                    terminal.Line("dim", log.Message);
                break;
            case "checkpoint":
                var checkpoint = Read<CheckpointEvent>(data);
                terminal.Line("dim", $"checkpoint {checkpoint.Name}, {Format.Size(checkpoint.Size)}{(checkpoint.Best ? ", the best so far" : "")}");
                break;
        }
    }

    private void ShowState(StateEvent state)
    {
        _progress.State = state.State;
        terminal.Line(state.Error is null ? "default" : "red", $"{state.State}{(state.Error is { } error ? $": {error.Describe()}" : "")}");
    }

    private void ShowMetrics(MetricsEvent metrics)
    {
        _progress.Epoch = metrics.Epoch;
        _progress.TotalEpochs = metrics.TotalEpochs;
        _progress.Loss = Format.Number(metrics.Metrics, "loss");
        _progress.Accuracy = Format.Number(metrics.Metrics, "accuracy");
        _progress.EtaSeconds = metrics.EtaSeconds;
        if (!terminal.Interactive)
            terminal.Line($"{_progress.Numbers()}");
    }

    private static T Read<T>(string data) => JsonSerializer.Deserialize<T>(data, PlatformClient.Json) ?? throw new JsonException($"an event without content: {data}");

    private sealed record StateEvent(string State, OperationError? Error);

    private sealed record AttemptEvent(int Number, string State, OperationError? Error);

    private sealed record MetricsEvent(int Epoch, int TotalEpochs, IReadOnlyDictionary<string, JsonElement>? Metrics, double? EtaSeconds);

    private sealed record ValidationEvent(string? Split, IReadOnlyDictionary<string, JsonElement>? Metrics);

    private sealed record LogEvent(string Level, string Message);

    private sealed record CheckpointEvent(string Name, bool Best, long Size);
}
