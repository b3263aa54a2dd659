using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Example;

public sealed record Measured(string Model, double Accuracy);

/// <summary>Measures models and releases the best one when somebody approves it within three days.</summary>
public static class ReleaseFunctions
{
    [Function("ReleaseBest")]
    public static async Task<string> ReleaseBest([OrchestrationTrigger] TaskOrchestrationContext context, string[] models)
    {
        var twice = TaskOptions.FromRetryPolicy(new RetryPolicy(maxNumberOfAttempts: 2, firstRetryInterval: TimeSpan.FromSeconds(1)));
        var measured = await Task.WhenAll(models.Select(model => context.CallActivityAsync<Measured>("MeasureAccuracy", model, twice)));
        var best = measured.MaxBy(one => one.Accuracy)!;

        context.SetCustomStatus($"waits for the approval of {best.Model}");
        try
        {
            var approved = await context.WaitForExternalEvent<bool>("Approval", TimeSpan.FromDays(3));
            return approved ? $"{best.Model} released" : $"{best.Model} refused";
        }
        catch (TaskCanceledException)
        {
            return $"{best.Model} not approved in time";
        }
    }

    [Function("MeasureAccuracy")]
    public static Measured MeasureAccuracy([ActivityTrigger] string model) => new(model, Accuracy: 1.0 / model.Length);

    [Function("StartRelease")]
    public static async Task<IResult> Start(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "releases")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        var models = await request.ReadFromJsonAsync<string[]>(cancellation);
        var id = await client.ScheduleNewOrchestrationInstanceAsync("ReleaseBest", models, cancellation);
        return Results.Accepted(value: new { id });
    }
}
