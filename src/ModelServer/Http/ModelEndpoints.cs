using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using VisionPlatform.Domain.Errors;
using VisionPlatform.ModelServer.Inference;
using VisionPlatform.ModelServer.Models;
using VisionPlatform.ModelServer.Telemetry;

namespace VisionPlatform.ModelServer.Http;

/// <summary>What the app asks of the model server. docs/serve-models.md describes it.</summary>
internal static partial class ModelEndpoints
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    public static void MapModels(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/health", () => Results.Ok(new { status = "ok" }));
        endpoints.MapGet("/health/ready", (ModelStore models, Readiness readiness) => readiness.IsStopping
            ? Results.Json(new { status = "stopping" }, statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Ok(new { status = "ready", models = models.Count }));
        var group = endpoints.MapGroup("/v1/models");
        group.MapGet("", (ModelStore models) => Results.Ok(new { items = models.All }));
        group.MapGet("{id}", (string id, ModelStore models) => Results.Ok(models.Find(id) ?? throw NotLoaded(id)));
        group.MapPut("{id}", Load);
        group.MapDelete("{id}", (string id, ModelStore models) => models.Unload(id) ? Results.NoContent() : throw NotLoaded(id));
        group.MapPost("{id}/predict", PredictAsync);
    }

    /// <summary>200 when the model is ready, 202 while it is loaded, and the reason when it cannot be.</summary>
    private static async Task Load(string id, ModelRequest request, ModelStore models, HttpContext context)
    {
        if (!Sha256().IsMatch(request.Sha256) || request.Url is not { IsAbsoluteUri: true, Scheme: "http" or "https" })
            throw new ProblemException(ErrorCodes.ValidationFailed, "url must be an http or https address, and sha256 64 lower-case hexadecimal digits.");
        await AnswerAsync(context, models.Load(id, request));
    }

    private static async Task PredictAsync(string id, ModelStore models, Prediction prediction, ServerSettings settings, HttpContext context)
    {
        var started = Stopwatch.GetTimestamp();
        using var lease = models.TryRent(id);
        if (lease is null)
        {
            if (models.Find(id) is { State: not ModelState.Ready } status)
            {
                await AnswerAsync(context, status, isPrediction: true);
                return;
            }
            throw NotLoaded(id);
        }
        var options = Options(context.Request.Query);
        var files = await ImageFrames.ReadAsync(context.Request, settings, context.RequestAborted);
        var reply = await prediction.AnswerAsync(lease.Model, files, options, context.RequestAborted);
        await context.Response.WriteAsJsonAsync(reply, AnswerJson.Default.PredictReply, cancellationToken: context.RequestAborted);
        ServerMetrics.Durations.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private static async Task AnswerAsync(HttpContext context, ModelStatus status, bool isPrediction = false)
    {
        switch (status.State)
        {
            case ModelState.Failed:
                await Problems.WriteAsync(context, new ProblemException(ErrorCodes.Find(status.Failure!.Code), status.Failure.Message), status);
                break;
            case ModelState.Loading when isPrediction:
                await Problems.WriteAsync(context, new ProblemException(ErrorCodes.ModelLoading, "The model is being loaded.") { RetryAfter = AskAgain }, status);
                break;
            default:
                context.Response.StatusCode = status.State == ModelState.Ready ? StatusCodes.Status200OK : StatusCodes.Status202Accepted;
                if (status.State == ModelState.Loading)
                    context.Response.Headers.RetryAfter = "1";
                await context.Response.WriteAsJsonAsync(status, context.RequestAborted);
                break;
        }
    }

    private static AnswerOptions Options(IQueryCollection query)
    {
        int topK = 5;
        float score = 0;
        if (query["topK"] is [{ } classes] && !(int.TryParse(classes, NumberStyles.None, CultureInfo.InvariantCulture, out topK) && topK is >= 1 and <= 1000))
            throw new ProblemException(ErrorCodes.ValidationFailed, "topK is a number from 1 to 1000.", "topK");
        if (query["minScore"] is [{ } least] && !(float.TryParse(least, NumberStyles.Float, CultureInfo.InvariantCulture, out score) && score is >= 0 and <= 1))
            throw new ProblemException(ErrorCodes.ValidationFailed, "minScore is a number from 0 to 1.", "minScore");
        return new AnswerOptions(topK, score);
    }

    private static ProblemException NotLoaded(string id) => new(ErrorCodes.ModelNotLoaded, $"There is no model {id} in this model server.");

    [GeneratedRegex("^[0-9a-f]{64}$")]
    private static partial Regex Sha256();
}

/// <summary>Whether the server still takes requests.</summary>
internal sealed class Readiness(IHostApplicationLifetime lifetime)
{
    public bool IsStopping => lifetime.ApplicationStopping.IsCancellationRequested;
}
