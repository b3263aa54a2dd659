using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Training;

/// <summary>What is to be done with many images.</summary>
/// <param name="PredictionId">Whose answers are proposed; otherwise a filter.</param>
public sealed record ProposalRunDraft(ProposalAction Action, Guid? PredictionId, string? Class, double? LeastScore);

/// <summary>Begins and ends what is done with the proposals of many images. In between, <see cref="ProposalSteps"/> does it.</summary>
public sealed class ProposalRuns(PlatformDatabase database, TimeProvider time)
{
    /// <summary>How long one that has ended, and its report, can be read.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    /// <summary>Begins. Schedule <see cref="TrainingWork.Propose"/> after it.</summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.NotFound"/>; of a prediction <see cref="ErrorCodes.InvalidState"/> when it has no list of images, <see cref="ErrorCodes.PredictionOfOtherDataset"/> and
    /// <see cref="ErrorCodes.ClassNotInDataset"/>; and those of <see cref="IdempotentCreate{T}"/>.
    /// </exception>
    public async Task<Created<ProposalRun>> CreateAsync(Guid datasetId, Guid userId, ProposalRunDraft draft, IdempotentCreate<ProposalRun> once, CancellationToken cancellation)
    {
        await using var create = await once.BeginAsync(database, cancellation);
        if (create.Earlier is { } earlier)
            return earlier;
        await database.RequireLiveProjectOfDatasetAsync(datasetId, cancellation);
        var dataset = await database.Datasets.FromSql($"SELECT *, xmin FROM datasets WHERE id = {datasetId} AND deleted_at IS NULL FOR SHARE").AsNoTracking().SingleOrDefaultAsync(cancellation)
            ?? throw ProblemException.NoSuch("dataset");
        if (draft is { Action: ProposalAction.Propose, PredictionId: { } prediction })
            await RequireUsableAsync(dataset, prediction, cancellation);
        var now = time.GetUtcNow();
        var run = new ProposalRun
        {
            Id = Guid.CreateVersion7(now), DatasetId = datasetId, Action = draft.Action, PredictionId = draft.PredictionId, Class = draft.Class,
            LeastScore = draft.LeastScore ?? (draft.Action == ProposalAction.Propose ? ProposalRule.DefaultLeastScore : null), CreatedBy = userId, CreatedAt = now,
        };
        database.ProposalRuns.Add(run);
        await database.SaveChangesAsync(cancellation);
        return await create.CommitAsync(run, cancellation);
    }

    /// <summary>Ends one after its last image, or because it cannot go on. Running it again changes nothing.</summary>
    public async Task<ProposalRunState?> EndAsync(Guid id, Failure? failure, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        if (await database.ProposalRuns.FromSql($"SELECT * FROM proposal_runs WHERE id = {id} FOR UPDATE").SingleOrDefaultAsync(cancellation) is not { } run)
            return null;
        run.End(failure is null ? ProposalRunState.Completed : ProposalRunState.Failed, time.GetUtcNow(), failure);
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return run.State;
    }

    /// <summary>Removes what is known about those that ended long ago. Returns how many.</summary>
    public Task<int> ForgetAsync(CancellationToken cancellation)
    {
        var before = time.GetUtcNow() - Kept;
        return database.ProposalRuns.Where(run => run.EndedAt < before).ExecuteDeleteAsync(cancellation);
    }

    private async Task RequireUsableAsync(Dataset dataset, Guid predictionId, CancellationToken cancellation)
    {
        var found = await database.Predictions.AsNoTracking().Where(row => row.Id == predictionId)
            .Join(database.DatasetVersions, row => row.DatasetVersionId, version => version.Id, (row, version) => new { row.State, row.Outcomes, version.DatasetId }).SingleOrDefaultAsync(cancellation)
            ?? throw ProblemException.NoSuch("prediction", "predictionId");
        if (found.DatasetId != dataset.Id)
            throw new ProblemException(ErrorCodes.PredictionOfOtherDataset, ErrorCodes.PredictionOfOtherDataset.Title, "predictionId");
        if (found is not { State: PredictionState.Completed, Outcomes: { } outcomes })
            throw new ProblemException(ErrorCodes.InvalidState, found.State == PredictionState.Completed ? "The prediction is from before images were listed. Predict again." : "The prediction has not completed.", "predictionId");
        // The classes of a classification are those of its images, so that a new one is not wrong.
        if (!dataset.TaskType.HasAnnotations())
            return;
        var known = new ClassList(dataset.Classes);
        if (outcomes.Classes.Keys.Order(StringComparer.Ordinal).FirstOrDefault(name => known.Find(name) is null) is { } missing)
            throw new ProblemException(ErrorCodes.ClassNotInDataset, $"The model found '{missing}', which is no class of the dataset.", "predictionId");
    }
}
