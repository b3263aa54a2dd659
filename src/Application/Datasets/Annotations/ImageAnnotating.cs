using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Datasets.Annotations;

/// <summary>The annotations of an image, and the image that they belong to.</summary>
/// <param name="Row">Null when the image was never annotated.</param>
public sealed record AnnotatedImage(DatasetImage Image, ImageAnnotations? Row)
{
    /// <summary>Version for <c>If-Match</c>; 0 when the image was never annotated.</summary>
    public uint Version => Row?.Version ?? 0;
}

/// <summary>Writes the annotations of single images.</summary>
public sealed class ImageAnnotating(PlatformDatabase database, TimeProvider time)
{
    /// <summary>Problems that one answer lists.</summary>
    private const int MostProblems = 50;

    /// <summary>Puts annotations in the place of those that an image has. An empty list says that it has no objects.</summary>
    /// <param name="requireMatch">Throws if the caller meant another version. It sees the annotations under the dataset's lock.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/>, <see cref="ErrorCodes.DatasetHasNoAnnotations"/>, and
    /// <see cref="ErrorCodes.ValidationFailed"/> with the members that are wrong.</exception>
    public async Task<AnnotatedImage> ReplaceAsync(
        Guid datasetId, Guid imageId, Guid userId, IReadOnlyList<AnnotationDraft> drafts, Action<AnnotatedImage> requireMatch, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        await database.RequireLiveProjectOfDatasetAsync(datasetId, cancellation);
        // Lock the dataset, as VersionPublisher explains.
        var dataset = await database.LockDatasetAsync(datasetId, cancellation) ?? throw ProblemException.NoSuch("dataset");
        var image = await database.DatasetImages.AsNoTracking().SingleOrDefaultAsync(row => row.Id == imageId && row.DatasetId == datasetId, cancellation) ?? throw ProblemException.NoSuch("image");
        if (!dataset.TaskType.HasAnnotations())
            throw new ProblemException(ErrorCodes.DatasetHasNoAnnotations);
        var row = await database.ImageAnnotations.SingleOrDefaultAsync(found => found.ImageId == imageId, cancellation);
        requireMatch(new AnnotatedImage(image, row));
        row = Put(dataset, image, row, drafts, userId);
        dataset.UpdatedAt = row.AnnotatedAt;
        // A label of a person replaces the proposal of a model.
        await database.ImageProposals.Where(proposal => proposal.ImageId == imageId).ExecuteDeleteAsync(cancellation);
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return new AnnotatedImage(image, row);
    }

    /// <summary>Puts annotations in the place of those of an image. The caller has locked the dataset, and saves.</summary>
    /// <param name="row">The present ones, tracked; null when it was never annotated.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.ValidationFailed"/> with the members that are wrong; nothing has changed.</exception>
    internal ImageAnnotations Put(Dataset dataset, DatasetImage image, ImageAnnotations? row, IReadOnlyList<AnnotationDraft> drafts, Guid userId)
    {
        var annotations = Check(drafts, new AnnotationScope(dataset.TaskType, image.Width, image.Height, new ClassList(dataset.Classes), dataset.Keypoints));
        if (row is null)
            database.ImageAnnotations.Add(row = new ImageAnnotations { ImageId = image.Id, DatasetId = dataset.Id, Content = "", ClassNames = [], ClassObjects = [], AnnotatedBy = userId });
        row.Replace(annotations, userId, time.GetUtcNow());
        return row;
    }

    private static List<Annotation> Check(IReadOnlyList<AnnotationDraft> drafts, AnnotationScope scope)
    {
        if (drafts.Count > AnnotationRules.Most)
            throw new ProblemException(ErrorCodes.ValidationFailed, $"An image may have {AnnotationRules.Most} annotations.", "annotations");
        var (annotations, problems) = (new List<Annotation>(drafts.Count), new Dictionary<string, string[]>());
        for (var i = 0; i < drafts.Count && problems.Count < MostProblems; i++)
            if (AnnotationRules.Check(drafts[i], scope) is { Annotation: { } right })
                annotations.Add(right);
            else if (AnnotationRules.Check(drafts[i], scope).Problem is { } problem)
                problems[$"annotations[{i}].{problem.Field}"] = [problem.Message];
        return problems.Count == 0 ? annotations : throw new ProblemException(ErrorCodes.ValidationFailed, problems.Values.First()[0], problems);
    }
}
