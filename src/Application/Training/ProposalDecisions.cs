using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Datasets.Annotations;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Training;

/// <summary>A person accepts or rejects what a model proposes for an image.</summary>
public sealed class ProposalDecisions(PlatformDatabase database, ImageAnnotating annotating, TimeProvider time)
{
    /// <summary>Makes the label of an image of its proposal; whoever accepts it has given it.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/>, also when there is no proposal, and <see cref="ErrorCodes.ValidationFailed"/> when it does not fit the dataset any more.</exception>
    public async Task AcceptAsync(Guid datasetId, Guid imageId, Guid userId, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var (dataset, proposal) = await FindAsync(datasetId, imageId, cancellation);
        var image = await database.DatasetImages.SingleAsync(row => row.Id == imageId, cancellation);
        if (image.Class is not null || await database.ImageAnnotations.AnyAsync(row => row.ImageId == imageId, cancellation))
            throw ProblemException.NoSuch("proposal");
        Accept(dataset, image, proposal, userId);
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Removes the proposal of an image.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/>, also when there is no proposal.</exception>
    public async Task RejectAsync(Guid datasetId, Guid imageId, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        database.ImageProposals.Remove((await FindAsync(datasetId, imageId, cancellation)).Proposal);
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Accepts a proposal for an image without a label. The caller has locked the dataset, and saves.</summary>
    /// <param name="dataset">Tracked, as the image and the proposal are.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.ValidationFailed"/>; nothing has changed.</exception>
    internal void Accept(Dataset dataset, DatasetImage image, ImageProposal proposal, Guid userId)
    {
        if (proposal.Class is { } name)
            image.Class = name;
        else
            annotating.Put(dataset, image, null, [.. proposal.Objects.Select(ProposalRule.DraftOf)], userId);
        dataset.UpdatedAt = time.GetUtcNow();
        database.ImageProposals.Remove(proposal);
    }

    private async Task<(Dataset Dataset, ImageProposal Proposal)> FindAsync(Guid datasetId, Guid imageId, CancellationToken cancellation)
    {
        await database.RequireLiveProjectOfDatasetAsync(datasetId, cancellation);
        // Lock the dataset, as VersionPublisher explains.
        var dataset = await database.LockDatasetAsync(datasetId, cancellation) ?? throw ProblemException.NoSuch("dataset");
        return (dataset, await database.ImageProposals.SingleOrDefaultAsync(row => row.ImageId == imageId && row.DatasetId == datasetId, cancellation) ?? throw ProblemException.NoSuch("proposal"));
    }
}
