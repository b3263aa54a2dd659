using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Training;

/// <summary>
/// Proposes, accepts or rejects the labels of many images, in batches of one transaction each, under the lock of the dataset. How far it is and the counts
/// are written in the same transaction, so each image counts once however often a step runs.
/// </summary>
public sealed class ProposalSteps(PlatformDatabase database, ProposalDecisions decisions, TimeProvider time)
{
    private const int ImagesInBatch = 200;
    private const int BatchesInStep = 10;

    private static readonly JsonSerializerOptions Reading = new(JsonSerializerDefaults.Web);

    /// <summary>Works on some images. False when all are done, or the run has ended.</summary>
    public async Task<bool> StepAsync(Guid runId, CancellationToken cancellation)
    {
        if (await database.ProposalRuns.Where(run => run.Id == runId && run.State == ProposalRunState.Running).Select(run => (Guid?)run.DatasetId).SingleOrDefaultAsync(cancellation) is not { } datasetId)
            return false;
        var spellings = await SpellingsAsync(datasetId, cancellation);
        for (var batch = 0; batch < BatchesInStep; batch++)
        {
            if (!await BatchAsync(runId, datasetId, spellings, cancellation))
                return false;
            database.ChangeTracker.Clear();
        }
        return true;
    }

    private async Task<bool> BatchAsync(Guid runId, Guid datasetId, IReadOnlyDictionary<string, string> spellings, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        // Lock the dataset, as VersionPublisher explains: what people label waits for this batch, or this batch sees it.
        if (await database.LockDatasetAsync(datasetId, cancellation) is not { } dataset)
            return false;
        var run = await database.ProposalRuns.FromSql($"SELECT * FROM proposal_runs WHERE id = {runId} FOR UPDATE").SingleAsync(cancellation);
        if (run.State != ProposalRunState.Running)
            return false;
        var any = run.Action == ProposalAction.Propose ? await ProposeAsync(run, dataset, spellings, cancellation) : await DecideAsync(run, dataset, cancellation);
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return any;
    }

    private async Task<bool> ProposeAsync(ProposalRun run, Dataset dataset, IReadOnlyDictionary<string, string> spellings, CancellationToken cancellation)
    {
        var predicted = database.PredictedImages.AsNoTracking().Where(image => image.PredictionId == run.PredictionId);
        if (run.After is { } after)
            predicted = predicted.Where(image => string.Compare(image.Path, after) > 0);
        var answers = await predicted.OrderBy(image => image.Path).Take(ImagesInBatch).Select(image => new { image.Path, image.Answer }).ToListAsync(cancellation);
        if (answers.Count == 0)
            return false;
        string[] paths = [.. answers.Select(answer => answer.Path)], folded = [.. paths.Select(CaseFold.Of)];
        var keys = await database.DatasetVersionImages.Where(image => paths.Contains(image.Path) && database.Predictions.Any(row => row.Id == run.PredictionId && row.DatasetVersionId == image.VersionId))
            .Select(image => new { image.Path, image.Key }).ToDictionaryAsync(image => image.Path, image => image.Key, StringComparer.Ordinal, cancellation);
        var images = await database.DatasetImages.AsNoTracking().Where(image => image.DatasetId == dataset.Id && folded.Contains(image.FoldedPath))
            .ToDictionaryAsync(image => image.Key, StringComparer.Ordinal, cancellation);
        Guid[] ids = [.. images.Values.Select(image => image.Id)];
        var annotated = (await database.ImageAnnotations.Where(row => ids.Contains(row.ImageId)).Select(row => row.ImageId).ToListAsync(cancellation)).ToHashSet();
        var proposals = await database.ImageProposals.Where(row => ids.Contains(row.ImageId)).ToDictionaryAsync(row => row.ImageId, cancellation);
        var (classes, now) = (new ClassList(dataset.Classes), time.GetUtcNow());
        foreach (var answer in answers)
        {
            // The same path may have other content by now; the key tells them apart.
            if (images.GetValueOrDefault(keys.GetValueOrDefault(answer.Path, "")) is not { } image)
            {
                run.Count(ProposalOutcome.Gone);
                continue;
            }
            if (image.Class is not null || annotated.Contains(image.Id))
            {
                run.Count(ProposalOutcome.Labeled);
                continue;
            }
            var scope = new AnnotationScope(dataset.TaskType, image.Width, image.Height, classes, dataset.Keypoints);
            var (label, outcome) = ProposalRule.Propose(JsonSerializer.Deserialize<PredictedAnswer>(answer.Answer, Reading)!, scope, spellings, run.LeastScore ?? 0);
            run.Count(outcome);
            if (label is null)
                continue;
            if (!proposals.TryGetValue(image.Id, out var proposal))
                database.ImageProposals.Add(proposal = new ImageProposal { ImageId = image.Id, DatasetId = dataset.Id, PredictionId = run.PredictionId!.Value, ProposedBy = run.CreatedBy });
            (proposal.PredictionId, proposal.ProposedBy, proposal.ProposedAt) = (run.PredictionId!.Value, run.CreatedBy, now);
            proposal.Replace(label);
        }
        run.After = answers[^1].Path;
        return true;
    }

    private async Task<bool> DecideAsync(ProposalRun run, Dataset dataset, CancellationToken cancellation)
    {
        var after = run.After is { } text ? Guid.Parse(text) : Guid.Empty;
        var proposals = await database.ImageProposals.Where(row => row.DatasetId == dataset.Id && row.ImageId.CompareTo(after) > 0)
            .Matching(run.PredictionId, run.Class, run.LeastScore).OrderBy(row => row.ImageId).Take(ImagesInBatch).ToListAsync(cancellation);
        if (proposals.Count == 0)
            return false;
        Guid[] ids = [.. proposals.Select(row => row.ImageId)];
        var images = await database.DatasetImages.Where(image => ids.Contains(image.Id)).ToDictionaryAsync(image => image.Id, cancellation);
        var annotated = (await database.ImageAnnotations.Where(row => ids.Contains(row.ImageId)).Select(row => row.ImageId).ToListAsync(cancellation)).ToHashSet();
        foreach (var proposal in proposals)
            run.Count(Decide(run, dataset, images[proposal.ImageId], proposal, annotated));
        run.After = proposals[^1].ImageId.ToString();
        return true;
    }

    private ProposalOutcome Decide(ProposalRun run, Dataset dataset, DatasetImage image, ImageProposal proposal, HashSet<Guid> annotated)
    {
        if (image.Class is not null || annotated.Contains(image.Id) || run.Action == ProposalAction.Reject)
        {
            database.ImageProposals.Remove(proposal);
            return run.Action == ProposalAction.Reject ? ProposalOutcome.Done : ProposalOutcome.Labeled;
        }
        try
        {
            decisions.Accept(dataset, image, proposal, run.CreatedBy);
            return ProposalOutcome.Done;
        }
        catch (ProblemException)
        {
            // Its class has left the dataset. It stays for people to look at.
            return ProposalOutcome.Refused;
        }
    }

    /// <summary>The classes of a classification as its oldest images spell them.</summary>
    private async Task<IReadOnlyDictionary<string, string>> SpellingsAsync(Guid datasetId, CancellationToken cancellation)
    {
        var oldest = await database.DatasetImages.Where(image => image.DatasetId == datasetId && image.Class != null).GroupBy(image => image.Class!)
            .Select(group => new { Name = group.Key, First = group.Min(image => image.CreatedAt) }).ToListAsync(cancellation);
        return ClassName.Spellings(oldest.OrderBy(one => one.First).ThenBy(one => one.Name, StringComparer.Ordinal).Select(one => one.Name));
    }
}

public static class ProposalFilter
{
    /// <summary>Proposals of a prediction, with a class, and as sure as that; those without a score are as sure as anybody asks.</summary>
    public static IQueryable<ImageProposal> Matching(this IQueryable<ImageProposal> proposals, Guid? prediction, string? name, double? least)
    {
        if (prediction is { } id)
            proposals = proposals.Where(row => row.PredictionId == id);
        if (name is not null)
            proposals = proposals.Where(row => row.ClassNames.Contains(name));
        return least is { } score ? proposals.Where(row => row.Score == null || row.Score >= score) : proposals;
    }
}
