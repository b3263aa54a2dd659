using System.ComponentModel.DataAnnotations;
using VisionPlatform.Api.Datasets;
using VisionPlatform.Domain.Training;
using ValidationResult = System.ComponentModel.DataAnnotations.ValidationResult;

namespace VisionPlatform.Api.Training;

/// <summary>What is to be done with the proposals of many images.</summary>
/// <param name="Action">Whether to propose, accept or reject.</param>
/// <param name="PredictionId">Completed prediction of a version of the dataset whose answers are proposed; required for that. Otherwise only its proposals are accepted or rejected; those of all when left out.</param>
/// <param name="Class">Only proposals with this class are accepted or rejected; all when left out. Must be left out to propose.</param>
/// <param name="MinScore">What is less sure is left out: classes and objects of the answers, 0.5 when left out; to accept or reject, proposals whose least sure object is.</param>
public sealed record NewProposalRun(
    [property: Required] ProposalAction? Action, Guid? PredictionId, [property: Name(200)] string? Class, [property: Range(0.0, 1.0)] double? MinScore) : IValidatableObject
{
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        Action != ProposalAction.Propose ? []
        : PredictionId is null ? [new ValidationResult("Name the prediction whose answers are proposed.", ["predictionId"])]
        : Class is not null ? [new ValidationResult("Answers are proposed whatever their class.", ["class"])]
        : [];
}

/// <summary>Work on the proposals of many images, and what came of them.</summary>
/// <param name="Action">What is done.</param>
/// <param name="PredictionId">Prediction whose answers are proposed, or whose proposals are accepted or rejected; null for those of all.</param>
/// <param name="Class">Only proposals with this class; null for all.</param>
/// <param name="MinScore">What is less sure is left out; null when nothing is.</param>
/// <param name="State">How far it is.</param>
/// <param name="Done">Images whose labels were proposed, accepted or rejected.</param>
/// <param name="Labeled">Images that people have labeled before; they stay as they are.</param>
/// <param name="Gone">Images that the dataset has no longer.</param>
/// <param name="NothingFound">Images in which the model found nothing that is sure enough, or that it could not read.</param>
/// <param name="Refused">Images whose labels do not fit the dataset, for example because it has lost the class.</param>
/// <param name="Error">Why it failed; null otherwise.</param>
/// <param name="CreatedBy">Account that asked for it.</param>
/// <param name="EndedAt">When it ended; null before.</param>
public sealed record ProposalRunAnswer(
    Guid Id, Guid DatasetId, ProposalAction Action, Guid? PredictionId, string? Class, double? MinScore, ProposalRunState State, int Done, int Labeled, int Gone, int NothingFound, int Refused, FailureAnswer? Error,
    Guid CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset? EndedAt)
{
    public static ProposalRunAnswer From(ProposalRun run) => new(
        run.Id, run.DatasetId, run.Action, run.PredictionId, run.Class, run.LeastScore, run.State, run.Done, run.Labeled, run.Gone, run.NothingFound, run.Refused, FailureAnswer.Of(run.Error),
        run.CreatedBy, run.CreatedAt, run.EndedAt);
}

/// <summary>What a model proposes for an image that nobody has labeled.</summary>
/// <param name="Image">The image.</param>
/// <param name="PredictionId">Prediction that it comes from.</param>
/// <param name="ModelVersionId">Model version that predicted; null for a checkpoint of a job.</param>
/// <param name="Model">Model architecture.</param>
/// <param name="CheckpointEpoch">Epoch after which its checkpoint was written.</param>
/// <param name="Class">Class of the image; null unless it is a classification.</param>
/// <param name="Score">Confidence of the class or of the least sure object, from 0 to 1; null where the model gives none.</param>
/// <param name="Objects">Objects in the image; empty for a classification.</param>
/// <param name="ProposedBy">Account that had it proposed.</param>
/// <param name="ProposedAt">When it was proposed.</param>
public sealed record ProposalAnswer(
    ImageAnswer Image, Guid PredictionId, Guid? ModelVersionId, string Model, int CheckpointEpoch, string? Class, double? Score, IReadOnlyList<FoundObject> Objects, Guid ProposedBy, DateTimeOffset ProposedAt);
