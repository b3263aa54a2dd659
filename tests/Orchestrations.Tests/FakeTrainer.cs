using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using VisionPlatform.Infrastructure.Training;
using VisionPlatform.Tests;

namespace VisionPlatform.Orchestrations.Tests;

/// <summary>A trainer that takes every job and then says nothing. The test reports in its name.</summary>
internal sealed class FakeTrainer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeTrainer(WebApplication app, Uri url) => (_app, Url) = (app, url);

    public Uri Url { get; }

    /// <summary>The jobs that it was sent, in order.</summary>
    public ConcurrentQueue<TrainerJobRequest> Jobs { get; } = new();

    /// <summary>Job and number of the attempts that it was told to stop.</summary>
    public ConcurrentQueue<(Guid JobId, int Attempt)> Cancelled { get; } = new();

    /// <summary>How it refuses jobs because it speaks another version of the protocol: one status for each request, then it takes them.</summary>
    public ConcurrentQueue<int> OtherProtocols { get; } = new();

    /// <summary>How it answers predictions: one status for each request, then 200.</summary>
    public ConcurrentQueue<int> PredictionFailures { get; } = new();

    public static async Task<FakeTrainer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var url = new Uri($"http://127.0.0.1:{LoopbackPort.Free()}/");
        builder.WebHost.UseUrls(url.ToString());
        var trainer = new FakeTrainer(builder.Build(), url);
        trainer._app.MapGet("/v1/capabilities", () => new
        {
            framework = "torchvision", taskTypes = Array.Empty<string>(), models = Array.Empty<object>(), configSchema = new { fields = Array.Empty<object>() },
            exportFormats = Array.Empty<object>(), slots = 8,
        });
        trainer._app.MapPost("/v1/jobs", (TrainerJobRequest job) =>
        {
            if (trainer.OtherProtocols.TryDequeue(out var status))
                return Results.Json(new { code = "INVALID_REQUEST", message = "no", field = "protocol" }, statusCode: status);
            trainer.Jobs.Enqueue(job);
            return Results.Accepted();
        });
        trainer._app.MapPost("/v1/jobs/{id:guid}/cancel", (Guid id, int attempt) => trainer.Cancelled.Enqueue((id, attempt)));
        trainer._app.MapPost("/v1/predict", () => trainer.PredictionFailures.TryDequeue(out var status)
            ? Results.Json(new { code = "MODEL_INVALID", message = "no" }, statusCode: status)
            : Results.Json(new { predictions = Array.Empty<object>(), inferenceMs = 0 }));
        await trainer._app.StartAsync();
        return trainer;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
