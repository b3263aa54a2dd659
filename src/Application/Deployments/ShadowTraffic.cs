using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Deployments;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Deployments;

/// <summary>An answered request, for the shadow.</summary>
/// <param name="Revision">Number of the revision that answered.</param>
/// <param name="Answers">What it answered, an item for each image.</param>
public sealed record ShadowRequest(
    Guid DeploymentId, int Revision, int ShadowRevision, IReadOnlyList<byte[]> Images, int TopK, double? MinScore, IReadOnlyList<Prediction> Answers);

/// <summary>
/// Has shadows answer copies of requests, after the callers got their answers and one request at a time, and compares. When too many wait, further ones
/// are only counted. What waits when the app stops is dropped.
/// </summary>
public sealed partial class ShadowTraffic(IServiceScopeFactory scopes, ShadowReports reports, ILogger<ShadowTraffic> log) : BackgroundService
{
    private const int MostRequests = 256;
    private const long MostBytes = 64 * 1024 * 1024;

    private readonly Channel<ShadowRequest> _requests = Channel.CreateBounded<ShadowRequest>(new BoundedChannelOptions(MostRequests) { SingleReader = true });
    private long _bytes;

    /// <summary>Takes a copy of a request. Never waits.</summary>
    public void Offer(ShadowRequest request)
    {
        var bytes = BytesOf(request);
        if (Interlocked.Add(ref _bytes, bytes) <= MostBytes && _requests.Writer.TryWrite(request))
            return;
        Interlocked.Add(ref _bytes, -bytes);
        reports.AddSkipped(request);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var request in _requests.Reader.ReadAllAsync(stoppingToken))
            {
                Interlocked.Add(ref _bytes, -BytesOf(request));
                try
                {
                    var (measure, answers) = await AskAsync(request, stoppingToken);
                    reports.Add(request, measure, answers);
                }
                catch (Exception failure) when (failure is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    // Whatever happens to a copy, the next ones are tried.
                    LogFailed(failure, request.DeploymentId, request.ShadowRevision, (failure as ProblemException)?.Error.Code ?? failure.GetType().Name);
                    reports.AddFailed(request);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task<(AgreementMeasure Measure, IReadOnlyList<Prediction> Answers)> AskAsync(ShadowRequest request, CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<PlatformDatabase>();
        var shadow = await database.DeploymentRevisions.AsNoTracking().SingleAsync(row => row.DeploymentId == request.DeploymentId && row.Number == request.ShadowRevision, cancellation);
        var reply = await scope.ServiceProvider.GetRequiredService<ServedModels>().PredictAsync(shadow.ExportId, shadow.Trainer, request.Images, request.TopK, request.MinScore, cancellation);
        return (AgreementMeasures.Of(await database.TaskOfExportAsync(shadow.ExportId, cancellation)), [.. reply.Predictions.Select(served => served.Prediction)]);
    }

    private static long BytesOf(ShadowRequest request) => request.Images.Sum(image => (long)image.Length);

    [LoggerMessage(LogLevel.Information, "Shadow revision {Revision} of deployment {Deployment} did not answer a copy of a request: {Reason}")]
    private partial void LogFailed(Exception failure, Guid deployment, int revision, string reason);
}
