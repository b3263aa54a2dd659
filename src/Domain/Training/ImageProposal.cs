using System.Text.Encodings.Web;
using System.Text.Json;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Text;

namespace VisionPlatform.Domain.Training;

/// <summary>
/// What a model proposes for an image that nobody has labeled. It is no truth: no version and no statistic has it until a person accepts it, and it goes
/// as soon as the image is labeled in any other way. An image has at most one.
/// </summary>
public sealed class ImageProposal
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public required Guid ImageId { get; init; }
    public required Guid DatasetId { get; init; }

    /// <summary>The prediction that it comes from.</summary>
    public required Guid PredictionId { get; set; }

    /// <summary>Class of the image; null unless it is a classification.</summary>
    public string? Class { get; private set; }

    /// <summary>Classes of the proposal, each once, in ordinal order; the list of a class reads it.</summary>
    public string[] ClassNames { get; private set; } = [];

    /// <summary>How sure the model is of the whole: the confidence of the class, or of the least sure object. Null where the model gives none.</summary>
    public double? Score { get; private set; }

    /// <summary>The objects as JSON, each a <see cref="FoundObject"/> in the form in which annotations are stored; none of a classification.</summary>
    public string Content { get; private set; } = "[]";
    public required Guid ProposedBy { get; set; }
    public DateTimeOffset ProposedAt { get; set; }

    public IReadOnlyList<FoundObject> Objects => JsonSerializer.Deserialize<List<FoundObject>>(Content, Json)!;

    /// <summary>Puts another proposal in the place of the present one.</summary>
    public void Replace(ProposedLabel label)
    {
        Class = label.Class;
        ClassNames = [.. (label.Class is { } name ? [name] : label.Objects.Select(one => one.Class)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        Score = label.Class is not null ? label.Confidence : label.Objects.Min(one => one.Confidence);
        Content = JsonSerializer.Serialize(label.Objects, Json);
    }
}

/// <summary>What an answer proposes: a class, or objects.</summary>
public sealed record ProposedLabel(string? Class, double? Confidence, IReadOnlyList<FoundObject> Objects);

/// <summary>What came of one image.</summary>
public enum ProposalOutcome
{
    /// <summary>It was proposed, accepted or rejected.</summary>
    Done,

    /// <summary>People have labeled the image meanwhile; what they made stays.</summary>
    Labeled,

    /// <summary>The dataset has the image no longer, or another one in its place.</summary>
    Gone,

    /// <summary>The model found nothing in it that is sure enough, or could not read it.</summary>
    NothingFound,

    /// <summary>The labels do not fit the dataset: it lacks the class, or the shape is wrong.</summary>
    Refused,
}

/// <summary>What of an answer becomes a proposal.</summary>
public static class ProposalRule
{
    /// <summary>Confidence from which an answer is proposed unless somebody says otherwise.</summary>
    public const double DefaultLeastScore = 0.5;

    /// <summary>The class of a classification, or the objects that are sure enough; areas of a semantic segmentation have no confidence and are all taken.</summary>
    /// <param name="answer">What the model answered.</param>
    /// <param name="scope">The image and its dataset.</param>
    /// <param name="spellings">Classes of a classification as its images spell them, by <see cref="CaseFold"/>.</param>
    /// <param name="least">Least confidence.</param>
    public static (ProposedLabel? Label, ProposalOutcome Outcome) Propose(PredictedAnswer answer, AnnotationScope scope, IReadOnlyDictionary<string, string> spellings, double least)
    {
        if (!scope.Task.HasAnnotations())
            return answer is not { Error: null, Class: { } name, Confidence: var confidence } || confidence < least ? (null, ProposalOutcome.NothingFound)
                : ClassName.Problem(name) is not null ? (null, ProposalOutcome.Refused)
                : (new ProposedLabel(spellings.GetValueOrDefault(name, name), confidence, []), ProposalOutcome.Done);
        var sure = (answer.Error is null ? answer.Annotations ?? [] : []).Where(one => one.Confidence is not { } score || score >= least).ToList();
        var fit = sure.Select(one => (Found: one, Checked: AnnotationRules.Check(DraftOf(one), scope).Annotation)).ToList();
        return sure.Count == 0 ? (null, ProposalOutcome.NothingFound)
            // With a part of the objects left out, the rest would be a claim that the model did not make.
            : sure.Count > AnnotationRules.Most || fit.Exists(one => one.Checked is null) ? (null, ProposalOutcome.Refused)
            : (new ProposedLabel(null, null, [.. fit.Select(one => Stored(one.Checked!, one.Found.Confidence))]), ProposalOutcome.Done);
    }

    /// <summary>An object as somebody would give it as an annotation.</summary>
    public static AnnotationDraft DraftOf(FoundObject one) => new() { Class = one.Class, Box = one.Box, Polygons = one.Polygons, Rle = one.Rle, Keypoints = one.Keypoints };

    private static FoundObject Stored(Annotation one, double? confidence) => new(one.Class, one.Box, one.Polygons, one.Rle, one.Keypoints, confidence);
}
