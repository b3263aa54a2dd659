using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Application.Training;

namespace VisionPlatform.Api.Training;

public sealed class TrainingTimers(QueueWatch queue)
{
    [Function(nameof(WatchQueue))]
    public Task WatchQueue([TimerTrigger("0 */5 * * * *")] TimerInfo timer, CancellationToken cancellation) => queue.LookAsync(cancellation);
}
