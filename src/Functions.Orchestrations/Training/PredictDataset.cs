using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Orchestrations.Training;

/// <summary>Has a trainer predict the images of a dataset version.</summary>
public static class PredictDataset
{
    [Function(nameof(PredictDataset))]
    public static async Task<PredictionEnd> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var id = context.GetInput<Guid>();
        TrainerRunEnd run;
        try
        {
            run = await context.CallSubOrchestratorAsync<TrainerRunEnd>(
                nameof(RunOnTrainer), new TrainerRun(AttemptKind.Predict, id), new SubOrchestrationOptions(instanceId: RunOnTrainer.InstanceId(id)));
        }
        catch (TaskFailedException failed)
        {
            context.CreateReplaySafeLogger(nameof(PredictDataset)).LogError(failed, "Prediction {PredictionId} failed unexpectedly", id);
            run = new TrainerRunEnd(AttemptState.Failed, Failure.Of(ErrorCodes.Internal));
        }
        return await context.CallActivityAsync<PredictionEnd>(nameof(PredictionActivities.FinishPrediction), new PredictionRunEnd(id, run), ActivityRetry.Standard);
    }
}

/// <summary>A prediction whose last attempt has ended.</summary>
public sealed record PredictionRunEnd(Guid PredictionId, TrainerRunEnd Run);

public sealed class PredictionActivities(PredictionLifecycle predictions)
{
    [Function(nameof(FinishPrediction))]
    public Task<PredictionEnd> FinishPrediction([ActivityTrigger] PredictionRunEnd end, CancellationToken cancellation) =>
        predictions.FinishAsync(end.PredictionId, end.Run.State, end.Run.Failure, cancellation);
}
