using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Training;

/// <summary>An image that two predictions have.</summary>
public sealed record ComparedImage(PredictedImage First, PredictedImage Second);

/// <summary>Compares two measured predictions of one dataset version image by image.</summary>
public sealed class PredictionComparison(PlatformDatabase database)
{
    /// <summary>Refuses predictions that say nothing about each other.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotComparable"/>.</exception>
    public static void RequireComparable(BatchPrediction first, BatchPrediction second)
    {
        if (first.Id == second.Id)
            throw Refused("A prediction cannot be compared with itself.");
        if (first.DatasetVersionId != second.DatasetVersionId)
            throw Refused("They are of different dataset versions, so they have no images in common.");
        foreach (var one in (BatchPrediction[])[first, second])
        {
            if (one.State != PredictionState.Completed)
                throw Refused(one.CompletedAt is null ? $"Prediction {one.Id} has not ended yet." : $"Prediction {one.Id} has no result: it {(one.State == PredictionState.Failed ? "failed" : "was cancelled")}.");
            if (!one.IsMeasured)
                throw Refused($"Prediction {one.Id} was not measured against the annotations, so nobody knows which of its answers are right.");
            if (one.Outcomes is null)
                throw Refused($"Prediction {one.Id} is from before images were listed. Predict again.");
        }
    }

    /// <summary>Counts the images that both have.</summary>
    public async Task<AgreementCounts> CountAsync(BatchPrediction first, BatchPrediction second, CancellationToken cancellation)
    {
        var groups = await Both(first.Id, second.Id)
            .GroupBy(pair => new { First = pair.First.Outcome == ImageOutcome.Right, Second = pair.Second.Outcome == ImageOutcome.Right })
            .Select(group => new { group.Key.First, group.Key.Second, Count = group.Count() }).ToListAsync(cancellation);
        int Of(bool one, bool other) => groups.SingleOrDefault(group => group.First == one && group.Second == other)?.Count ?? 0;
        var common = groups.Sum(group => group.Count);
        return new AgreementCounts(Of(true, true), Of(true, false), Of(false, true), Of(false, false), Total(first) + Total(second) - 2 * common);
    }

    /// <summary>Images of one kind in the order of their paths, without the answers.</summary>
    /// <param name="first">The first prediction.</param>
    /// <param name="second">The second one.</param>
    /// <param name="agreement">Which of them is right; null for all.</param>
    /// <param name="after">Path after which the list begins.</param>
    /// <param name="limit">Most images.</param>
    /// <param name="cancellation">Cancels.</param>
    public async Task<IReadOnlyList<ComparedImage>> ListAsync(Guid first, Guid second, ImageAgreement? agreement, string? after, int limit, CancellationToken cancellation)
    {
        var images = Both(first, second);
        if (after is not null)
            images = images.Where(pair => string.Compare(pair.First.Path, after) > 0 && string.Compare(pair.Second.Path, after) > 0);
        images = agreement switch
        {
            ImageAgreement.BothRight => images.Where(pair => pair.First.Outcome == ImageOutcome.Right && pair.Second.Outcome == ImageOutcome.Right),
            ImageAgreement.OnlyFirst => images.Where(pair => pair.First.Outcome == ImageOutcome.Right && pair.Second.Outcome != ImageOutcome.Right),
            ImageAgreement.OnlySecond => images.Where(pair => pair.First.Outcome != ImageOutcome.Right && pair.Second.Outcome == ImageOutcome.Right),
            ImageAgreement.Neither => images.Where(pair => pair.First.Outcome != ImageOutcome.Right && pair.Second.Outcome != ImageOutcome.Right),
            _ => images,
        };
        return await images.OrderBy(pair => pair.First.Path).Take(limit).Select(pair => new ComparedImage(
            new PredictedImage
            {
                PredictionId = first, Path = pair.First.Path, Outcome = pair.First.Outcome, TrueClass = pair.First.TrueClass, Class = pair.First.Class, Confidence = pair.First.Confidence,
                TrueObjects = pair.First.TrueObjects, FoundObjects = pair.First.FoundObjects, Missed = pair.First.Missed, Spurious = pair.First.Spurious, Answer = "",
            },
            new PredictedImage
            {
                PredictionId = second, Path = pair.Second.Path, Outcome = pair.Second.Outcome, TrueClass = pair.Second.TrueClass, Class = pair.Second.Class, Confidence = pair.Second.Confidence,
                TrueObjects = pair.Second.TrueObjects, FoundObjects = pair.Second.FoundObjects, Missed = pair.Second.Missed, Spurious = pair.Second.Spurious, Answer = "",
            })).ToListAsync(cancellation);
    }

    private IQueryable<Pair> Both(Guid first, Guid second) =>
        from one in database.PredictedImages.AsNoTracking().Where(image => image.PredictionId == first)
        join other in database.PredictedImages.AsNoTracking().Where(image => image.PredictionId == second) on one.Path equals other.Path
        select new Pair { First = one, Second = other };

    private static int Total(BatchPrediction prediction) => Enum.GetValues<ImageOutcome>().Sum(prediction.Outcomes!.Of);

    private static ProblemException Refused(string why) => new(ErrorCodes.NotComparable, why, "with");

    private sealed class Pair
    {
        public required PredictedImage First { get; init; }
        public required PredictedImage Second { get; init; }
    }
}
