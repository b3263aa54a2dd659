using System.IO.Compression;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Training;

/// <summary>
/// Lists the images of a prediction: reads the file that the trainer wrote once, line by line, and stores a row for each image with what came of it. The
/// file is gzip, in which no image can be found without what stands before it.
/// </summary>
public sealed class PredictedImages(PlatformDatabase database, ObjectStores stores)
{
    /// <summary>Images that are judged and written together.</summary>
    private const int Batch = 500;

    private static readonly JsonSerializerOptions Reading = new(JsonSerializerDefaults.Web);
    private static readonly JsonSerializerOptions Writing = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Stores the images of a prediction in place of those that an earlier try has left.</summary>
    /// <param name="prediction">The prediction; it has not completed yet.</param>
    /// <param name="key">Its file in the internal bucket.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>How many came out how; or what is wrong with the file, as the end of a sentence.</returns>
    public async Task<(PredictionOutcomes? Outcomes, string? Problem)> StoreAsync(BatchPrediction prediction, string key, CancellationToken cancellation)
    {
        await using var file = await stores.Internal.OpenReadAsync(key, cancellation);
        if (file is null)
            return (null, "is not in the object store.");
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        await RemoveAsync(prediction.Id, cancellation);
        try
        {
            await using var text = new GZipStream(file.Stream, CompressionMode.Decompress);
            var tally = new Tally();
            await foreach (var lines in JsonLines.ReadAsync<Line>(text, Reading, cancellation).Chunk(Batch).WithCancellation(cancellation))
            {
                var images = await JudgedAsync(prediction, lines, tally, cancellation);
                await CopyAsync(images, cancellation);
                tally.Add(images);
            }
            await transaction.CommitAsync(cancellation);
            return (tally.Outcomes(), null);
        }
        catch (InvalidDataException wrong)
        {
            return (null, wrong.Message);
        }
    }

    /// <summary>Forgets the images of a prediction.</summary>
    public async Task RemoveAsync(Guid predictionId, CancellationToken cancellation)
    {
        await database.PredictedImageClasses.Where(row => row.PredictionId == predictionId).ExecuteDeleteAsync(cancellation);
        await database.PredictedImages.Where(row => row.PredictionId == predictionId).ExecuteDeleteAsync(cancellation);
    }

    private async Task<List<Judged>> JudgedAsync(BatchPrediction prediction, Line[] lines, Tally tally, CancellationToken cancellation)
    {
        var paths = Array.ConvertAll(lines, line => line.Path ?? throw new InvalidDataException("has a line without a path."));
        var truths = await TruthsAsync(prediction.DatasetVersionId, paths, cancellation);
        return [.. lines.Select(line => !truths.TryGetValue(line.Path!, out var truth) ? throw new InvalidDataException($"names '{line.Path}', which the dataset version does not have.")
            : !tally.IsNew(line.Path!) ? throw new InvalidDataException($"names '{line.Path}' twice.")
            : Judge(prediction, line.Path!, line.Answer(), truth))];
    }

    private async Task<Dictionary<string, ImageTruth>> TruthsAsync(Guid versionId, string[] paths, CancellationToken cancellation)
    {
        var annotations = await database.VersionAnnotations.AsNoTracking().Where(row => row.VersionId == versionId && paths.Contains(row.Path))
            .Select(row => new { row.Path, row.Content }).ToDictionaryAsync(row => row.Path, row => row.Content, StringComparer.Ordinal, cancellation);
        var images = await database.DatasetVersionImages.AsNoTracking().Where(row => row.VersionId == versionId && paths.Contains(row.Path))
            .Select(row => new { row.Path, row.Class, row.Width, row.Height }).ToListAsync(cancellation);
        return images.ToDictionary(
            row => row.Path, row => new ImageTruth(row.Class, annotations.TryGetValue(row.Path, out var content) ? AnnotationText.Read(content) : [], row.Width, row.Height), StringComparer.Ordinal);
    }

    private static Judged Judge(BatchPrediction prediction, string path, PredictedAnswer answer, ImageTruth truth)
    {
        var verdict = prediction.IsMeasured ? PredictionRule.Judge(prediction.TaskType, truth, answer) : PredictionRule.WithoutTruth(prediction.TaskType, answer);
        var classification = prediction.TaskType == TaskType.ImageClassification;
        var found = answer.Annotations ?? [];
        var image = new PredictedImage
        {
            PredictionId = prediction.Id, Path = path, Outcome = verdict.Outcome, TrueClass = classification ? truth.Class : null, Class = classification ? answer.Class : null,
            Confidence = classification ? answer.Confidence : found.Max(one => one.Confidence), TrueObjects = classification ? null : truth.Annotations.Count(one => !one.Crowd),
            FoundObjects = classification ? null : found.Count, Missed = verdict.Missed, Spurious = verdict.Spurious, Answer = JsonSerializer.Serialize(answer, Writing),
        };
        var classes = classification ? [truth.Class, answer.Class] : truth.Annotations.Select(one => (string?)one.Class).Concat(found.Select(one => one.Class));
        return new Judged(image, [.. classes.OfType<string>().Distinct(StringComparer.Ordinal)]);
    }

    private async Task CopyAsync(IReadOnlyList<Judged> images, CancellationToken cancellation)
    {
        var connection = (NpgsqlConnection)database.Database.GetDbConnection();
        await using (var writer = await connection.BeginBinaryImportAsync(
            "COPY prediction_images (prediction_id, path, outcome, true_class, class, confidence, true_objects, found_objects, missed, spurious, answer) FROM STDIN (FORMAT binary)", cancellation))
        {
            foreach (var (image, _) in images)
            {
                await writer.StartRowAsync(cancellation);
                await writer.WriteAsync(image.PredictionId, NpgsqlDbType.Uuid, cancellation);
                await writer.WriteAsync(image.Path, NpgsqlDbType.Text, cancellation);
                await writer.WriteAsync(TextOf(image.Outcome), NpgsqlDbType.Text, cancellation);
                await writer.WriteAsync(image.TrueClass, NpgsqlDbType.Text, cancellation);
                await writer.WriteAsync(image.Class, NpgsqlDbType.Text, cancellation);
                await writer.WriteAsync(image.Confidence, NpgsqlDbType.Double, cancellation);
                foreach (var count in (int?[])[image.TrueObjects, image.FoundObjects, image.Missed, image.Spurious])
                    await writer.WriteAsync(count, NpgsqlDbType.Integer, cancellation);
                await writer.WriteAsync(image.Answer, NpgsqlDbType.Text, cancellation);
            }
            await writer.CompleteAsync(cancellation);
        }
        await using (var writer = await connection.BeginBinaryImportAsync("COPY prediction_image_classes (prediction_id, class, path, outcome) FROM STDIN (FORMAT binary)", cancellation))
        {
            foreach (var (image, classes) in images)
                foreach (var name in classes)
                {
                    await writer.StartRowAsync(cancellation);
                    await writer.WriteAsync(image.PredictionId, NpgsqlDbType.Uuid, cancellation);
                    await writer.WriteAsync(name, NpgsqlDbType.Text, cancellation);
                    await writer.WriteAsync(image.Path, NpgsqlDbType.Text, cancellation);
                    await writer.WriteAsync(TextOf(image.Outcome), NpgsqlDbType.Text, cancellation);
                }
            await writer.CompleteAsync(cancellation);
        }
    }

    /// <summary>An outcome as the database has it.</summary>
    internal static string TextOf(ImageOutcome outcome) => JsonNamingPolicy.SnakeCaseLower.ConvertName(outcome.ToString());

    private sealed record Judged(PredictedImage Image, IReadOnlyList<string> Classes);

    /// <summary>A line of the file.</summary>
    private sealed record Line(string? Path, string? Class, double? Confidence, IReadOnlyList<RankedClass?>? Top, IReadOnlyList<FoundObject?>? Annotations, string? Error)
    {
        /// <exception cref="InvalidDataException">A part is missing, or is a text that no column can hold.</exception>
        public PredictedAnswer Answer()
        {
            if (Top?.Any(one => one?.Class is null) == true || Annotations?.Any(one => one?.Class is null || one.Box is null) == true)
                throw new InvalidDataException($"has an answer for '{Path}' without a class or a box.");
            if (Class?.Contains('\0') == true || Annotations?.Any(one => one!.Class.Contains('\0')) == true)
                throw new InvalidDataException($"has a class for '{Path}' that is no text.");
            return new PredictedAnswer(Class, Confidence, Top?.Select(one => one!).ToList(), Annotations?.Select(one => one!).ToList(), Error);
        }
    }

    /// <summary>Counts the images that have been read.</summary>
    private sealed class Tally
    {
        private readonly HashSet<string> _paths = new(StringComparer.Ordinal);
        private readonly Dictionary<ImageOutcome, int> _outcomes = [];
        private readonly Dictionary<string, int> _classes = new(StringComparer.Ordinal);

        public bool IsNew(string path) => _paths.Add(path);

        public void Add(IReadOnlyList<Judged> images)
        {
            foreach (var (image, classes) in images)
            {
                _outcomes[image.Outcome] = _outcomes.GetValueOrDefault(image.Outcome) + 1;
                foreach (var name in classes)
                    _classes[name] = _classes.GetValueOrDefault(name) + 1;
            }
        }

        public PredictionOutcomes Outcomes() => new(Of(ImageOutcome.Right), Of(ImageOutcome.Wrong), Of(ImageOutcome.NoneFound), Of(ImageOutcome.Failed), Of(ImageOutcome.NotMeasured), _classes);

        private int Of(ImageOutcome outcome) => _outcomes.GetValueOrDefault(outcome);
    }
}
