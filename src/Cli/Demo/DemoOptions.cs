using VisionPlatform.Cli.Demo.Steps;

namespace VisionPlatform.Cli.Demo;

/// <summary>What a run of the demo is asked to do.</summary>
/// <param name="Url">Base address of the platform, with a trailing slash.</param>
/// <param name="Folder">Folder with one sub-folder of images for each class.</param>
/// <param name="Images">What is in it.</param>
/// <param name="Credentials">File that keeps the admin's changed password between runs.</param>
/// <param name="Model">A model of the trainer.</param>
/// <param name="JsonOnly">Stdout carries only the JSON line; people read stderr.</param>
internal sealed record DemoOptions(
    Uri Url,
    DirectoryInfo Folder,
    IReadOnlyList<LocalImage> Images,
    FileInfo Credentials,
    string Framework,
    string Model,
    int Epochs,
    int BatchSize,
    double LearningRate,
    TimeSpan Patience,
    bool JsonOnly)
{
    /// <summary>Held-out accuracy below this fails the run.</summary>
    public const double RequiredAccuracy = 0.95;
}
