using VisionPlatform.Domain.Datasets;

namespace VisionPlatform.Domain.Deployments;

/// <summary>How alike two answers to the same image are, from 0 to 1.</summary>
public enum AgreementMeasure
{
    /// <summary>Only whether the class of the image is the same.</summary>
    SameClass,

    /// <summary>Intersection over union of the boxes of an object.</summary>
    BoxIou,

    /// <summary>Intersection over union of the masks of an object.</summary>
    MaskIou,

    /// <summary>Share of the pixels of the image that have the same class, the background included ("pixel accuracy" of Long, Shelhamer and Darrell, 2015).</summary>
    PixelAgreement,

    /// <summary>Object keypoint similarity, as COCO defines it.</summary>
    KeypointSimilarity,
}

public static class AgreementMeasures
{
    /// <summary>The measure of models for a task.</summary>
    public static AgreementMeasure Of(TaskType task) => task switch
    {
        TaskType.ImageClassification => AgreementMeasure.SameClass,
        TaskType.InstanceSegmentation => AgreementMeasure.MaskIou,
        TaskType.SemanticSegmentation => AgreementMeasure.PixelAgreement,
        TaskType.KeypointDetection => AgreementMeasure.KeypointSimilarity,
        _ => AgreementMeasure.BoxIou,
    };
}
