namespace VisionPlatform.Domain.Training;

/// <summary>Which of two models answered an image rightly.</summary>
public enum ImageAgreement
{
    /// <summary>Both.</summary>
    BothRight,

    /// <summary>Only the first one.</summary>
    OnlyFirst,

    /// <summary>Only the second one.</summary>
    OnlySecond,

    /// <summary>Neither.</summary>
    Neither,
}

/// <summary>Number of images by which of two models answered them rightly.</summary>
/// <param name="BothRight">Images that both answered rightly.</param>
/// <param name="OnlyFirst">Images that only the first answered rightly.</param>
/// <param name="OnlySecond">Images that only the second answered rightly.</param>
/// <param name="Neither">Images that neither answered rightly.</param>
/// <param name="OnlyInOne">Images that only one of the two predicted, for example of another split; they are in none of the other counts.</param>
public sealed record AgreementCounts(int BothRight, int OnlyFirst, int OnlySecond, int Neither, int OnlyInOne);
