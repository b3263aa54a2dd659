using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Models;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Api.Models;

/// <summary>A model. Its versions hold what was trained.</summary>
/// <param name="Name">Name of the model, unique in its project.</param>
/// <param name="LatestVersion">Number of the newest version.</param>
public sealed record ModelAnswer(Guid Id, Guid ProjectId, string Name, TaskType TaskType, int LatestVersion, DateTimeOffset CreatedAt)
{
    public static ModelAnswer Of(Model model) => new(model.Id, model.ProjectId, model.Name, model.TaskType, model.LatestVersion, model.CreatedAt);
}

/// <summary>A version of a model: the result of one training job.</summary>
/// <param name="ModelId">Model that the version belongs to.</param>
/// <param name="Number">Number of the version within the model, from 1.</param>
/// <param name="JobId">Training job that made the version.</param>
/// <param name="DatasetVersionId">Dataset version that it was trained on.</param>
/// <param name="Framework">Trainer that made the version, for example <c>torchvision</c>.</param>
/// <param name="Architecture">Architecture, as the trainer's capabilities name it, for example <c>small_cnn</c>.</param>
/// <param name="TaskType">What the model does.</param>
/// <param name="Classes">Classes in the order of the model's outputs.</param>
/// <param name="PrimaryMetric">Name of the metric that decided which epoch was the best; it follows from the task.</param>
/// <param name="Metrics">Metrics of the best epoch by name, for example <c>accuracy</c> and <c>loss</c>.</param>
/// <param name="ConfusionMatrix">Number of images, objects or pixels by true class (rows) and predicted class (columns), in the order of <c>classes</c>; a last row and column more is the background. Empty when the trainer measured none.</param>
/// <param name="PerClass">Quality of each class on the held-out images.</param>
/// <param name="Checkpoint">Checkpoint that the version was made from.</param>
public sealed record ModelVersionAnswer(
    Guid Id, Guid ModelId, int Number, Guid JobId, Guid DatasetVersionId, string Framework, string Architecture, TaskType TaskType,
    string PrimaryMetric, IReadOnlyList<string> Classes, IReadOnlyDictionary<string, double> Metrics, IReadOnlyList<List<long>> ConfusionMatrix,
    IReadOnlyList<ClassMetrics> PerClass, ModelCheckpoint Checkpoint, DateTimeOffset CreatedAt);

/// <summary>The stored weights of a model version.</summary>
/// <param name="Epoch">Epoch after which the weights were stored.</param>
/// <param name="Url">Presigned address of the file; it works for an hour.</param>
public sealed record ModelCheckpoint(int Epoch, long Size, string Sha256, Uri Url);
