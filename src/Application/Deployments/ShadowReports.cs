using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Deployments;

/// <summary>Counts where shadows answer otherwise than the revisions that answer, and keeps the newest of those images' answers.</summary>
public sealed class ShadowReports(IServiceScopeFactory scopes, TimeProvider time) : ICounts, IDisposable
{
    /// <summary>Differences that are kept of a revision and its shadow.</summary>
    public const int KeptDifferences = 100;

    private readonly PendingCounts<(Guid Deployment, int Revision, int Shadow), Report> _reports = new((report, since) => report.With(since));

    /// <summary>Compares the answers of a shadow to a request.</summary>
    /// <exception cref="FormatException">A mask is none.</exception>
    public void Add(ShadowRequest request, AgreementMeasure measure, IReadOnlyList<Prediction> answers)
    {
        var compared = request.Answers.Zip(answers, (answer, other) => AnswerComparison.Of(measure, FindingsOf(answer), FindingsOf(other))).ToList();
        ShadowDifference[] differences = [.. compared.Index().Where(one => one.Item.Pairs.Count > 0).Select(one => new ShadowDifference
        {
            DeploymentId = request.DeploymentId, Revision = request.Revision, ShadowRevision = request.ShadowRevision, At = time.GetUtcNow(),
            ImageSha256 = Convert.ToHexStringLower(SHA256.HashData(request.Images[one.Index])), Agreement = one.Item.Agreements.Count == 0 ? null : one.Item.Agreements.Min(),
            Answer = [.. FindingsOf(request.Answers[one.Index]).Select(found => found.Finding)], ShadowAnswer = [.. FindingsOf(answers[one.Index]).Select(found => found.Finding)],
        })];
        Change(request, report =>
        {
            report.Counts.RequestCount++;
            report.Counts.ImageCount += compared.Count;
            report.Counts.DifferentImages += differences.Length;
            report.Counts.ConfidenceDifference += compared.Sum(comparison => comparison.ConfidenceDifference);
            report.Counts.Agreement += compared.Sum(comparison => comparison.Agreements.Sum());
            report.Counts.Measured += compared.Sum(comparison => comparison.Agreements.Count);
            foreach (var (answer, other) in compared.SelectMany(comparison => comparison.Pairs))
                report.Pairs[(answer ?? "", other ?? "")] = report.Pairs.GetValueOrDefault((answer ?? "", other ?? "")) + 1;
            report.Keep(differences);
        });
    }

    /// <summary>Counts a request that the shadow did not answer.</summary>
    public void AddFailed(ShadowRequest request) => Change(request, report => report.Counts.FailedRequests++);

    /// <summary>Counts a request that the shadow did not get.</summary>
    public void AddSkipped(ShadowRequest request) => Change(request, report => report.Counts.SkippedRequests++);

    public Task FlushAsync(CancellationToken cancellation) => _reports.FlushAsync(WriteAsync, cancellation);

    public void Dispose() => _reports.Dispose();

    private void Change(ShadowRequest request, Action<Report> change)
    {
        var now = time.GetUtcNow();
        _reports.Change(
            (request.DeploymentId, request.Revision, request.ShadowRevision),
            () => new Report(new ShadowComparison { DeploymentId = request.DeploymentId, Revision = request.Revision, ShadowRevision = request.ShadowRevision, FirstAt = now }),
            report =>
            {
                report.Counts.LastAt = now;
                change(report);
            });
    }

    // An image that cannot be read is a finding of its own, so that a shadow that cannot read it either agrees.
    private static List<ShapedFinding> FindingsOf(Prediction prediction) => prediction switch
    {
        { Error: { } error } => [new ShapedFinding(new Finding(error.Code, 0, null))],
        { Class: { } name } => [new ShapedFinding(new Finding(name, prediction.Confidence ?? 0, null))],
        _ => [.. (prediction.Objects ?? []).Select(found => new ShapedFinding(new Finding(found.Class, found.Score, found.Box), MaskOf(found.Rle), found.Keypoints))],
    };

    private static RunLengthMask? MaskOf(PredictedMask? mask) => mask switch
    {
        null => null,
        { Size: [var height, var width] } => RunLengthMask.Parse(height, width, mask.Counts),
        _ => throw new FormatException("The size of a mask is not a height and a width."),
    };

    // In the order of their keys: two instances that add to the same rows do not wait for each other in a circle.
    private async Task WriteAsync(IReadOnlyCollection<Report> reports, CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<PlatformDatabase>();
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        foreach (var report in reports.OrderBy(report => report.Counts.DeploymentId).ThenBy(report => report.Counts.Revision).ThenBy(report => report.Counts.ShadowRevision))
        {
            var counts = report.Counts;
            // A deployment may have been removed with its project since.
            var written = await database.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO shadow_comparisons AS c (deployment_id, revision, shadow_revision, request_count, image_count, different_images, failed_requests, skipped_requests, confidence_difference, agreement, measured, first_at, last_at)
                SELECT id, {counts.Revision}, {counts.ShadowRevision}, {counts.RequestCount}, {counts.ImageCount}, {counts.DifferentImages}, {counts.FailedRequests}, {counts.SkippedRequests},
                       {counts.ConfidenceDifference}, {counts.Agreement}, {counts.Measured}, {counts.FirstAt}, {counts.LastAt}
                FROM deployments WHERE id = {counts.DeploymentId}
                ON CONFLICT (deployment_id, revision, shadow_revision) DO UPDATE
                SET request_count = c.request_count + EXCLUDED.request_count, image_count = c.image_count + EXCLUDED.image_count, different_images = c.different_images + EXCLUDED.different_images,
                    failed_requests = c.failed_requests + EXCLUDED.failed_requests, skipped_requests = c.skipped_requests + EXCLUDED.skipped_requests,
                    confidence_difference = c.confidence_difference + EXCLUDED.confidence_difference, agreement = c.agreement + EXCLUDED.agreement,
                    measured = c.measured + EXCLUDED.measured, last_at = greatest(c.last_at, EXCLUDED.last_at)
                """, cancellation);
            if (written == 0)
                continue;
            foreach (var ((answer, other), count) in report.Pairs.OrderBy(pair => pair.Key.Answer, StringComparer.Ordinal).ThenBy(pair => pair.Key.Other, StringComparer.Ordinal))
                await database.Database.ExecuteSqlAsync(
                    $"""
                    INSERT INTO shadow_pairs AS p (deployment_id, revision, shadow_revision, answer, shadow_answer, count)
                    VALUES ({counts.DeploymentId}, {counts.Revision}, {counts.ShadowRevision}, {answer}, {other}, {count})
                    ON CONFLICT (deployment_id, revision, shadow_revision, answer, shadow_answer) DO UPDATE SET count = p.count + EXCLUDED.count
                    """, cancellation);
            if (report.Differences.Count == 0)
                continue;
            database.ShadowDifferences.AddRange(report.Differences);
            await database.SaveChangesAsync(cancellation);
            await database.Database.ExecuteSqlAsync(
                $"""
                DELETE FROM shadow_differences WHERE deployment_id = {counts.DeploymentId} AND revision = {counts.Revision} AND shadow_revision = {counts.ShadowRevision} AND id < (
                    SELECT id FROM shadow_differences WHERE deployment_id = {counts.DeploymentId} AND revision = {counts.Revision} AND shadow_revision = {counts.ShadowRevision}
                    ORDER BY id DESC OFFSET {KeptDifferences - 1} LIMIT 1)
                """, cancellation);
        }
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>What was compared since the last time it was written.</summary>
    private sealed record Report(ShadowComparison Counts)
    {
        public Dictionary<(string Answer, string Other), long> Pairs { get; } = [];
        public Queue<ShadowDifference> Differences { get; } = [];

        public Report With(Report since)
        {
            Counts.RequestCount += since.Counts.RequestCount;
            Counts.ImageCount += since.Counts.ImageCount;
            Counts.DifferentImages += since.Counts.DifferentImages;
            Counts.FailedRequests += since.Counts.FailedRequests;
            Counts.SkippedRequests += since.Counts.SkippedRequests;
            Counts.ConfidenceDifference += since.Counts.ConfidenceDifference;
            Counts.Agreement += since.Counts.Agreement;
            Counts.Measured += since.Counts.Measured;
            Counts.LastAt = since.Counts.LastAt;
            foreach (var (pair, count) in since.Pairs)
                Pairs[pair] = Pairs.GetValueOrDefault(pair) + count;
            Keep(since.Differences);
            return this;
        }

        public void Keep(IEnumerable<ShadowDifference> more)
        {
            foreach (var difference in more)
                Differences.Enqueue(difference);
            while (Differences.Count > KeptDifferences)
                Differences.Dequeue();
        }
    }
}
