using VisionPlatform.Cli.Demo.Api;
using VisionPlatform.Cli.Demo.Rendering;

namespace VisionPlatform.Cli.Demo.Steps;

/// <summary>Sends each image of the test split, which was not used for training, to the deployment and counts correct predictions.</summary>
internal static class Predict
{
    private const int ImagesPerRequest = 32;
    private const int ShownMistakes = 8;

    /// <summary>Share of test images that were predicted correctly, from 0 to 1.</summary>
    public static async Task<double> RunAsync(
        PlatformClient api, Deployment deployment, Dataset dataset, DatasetVersion version, DirectoryInfo folder,
        Terminal terminal, TimeProvider time, CancellationToken cancellation)
    {
        var images = await api.ListVersionImagesAsync(dataset.Id, version.Id, "test", cancellation);
        if (images.Count == 0)
            throw new CommandException("the test split has no images. Upload more than a few for each class.");
        var started = time.GetTimestamp();
        var mistakes = new List<(VersionImage Image, Prediction Predicted)>();
        var done = 0;
        await terminal.WhileAsync("predicting", async progress =>
        {
            foreach (var batch in images.Chunk(ImagesPerRequest))
            {
                var bytes = await Task.WhenAll(batch.Select(image => File.ReadAllBytesAsync(Path.Combine(folder.FullName, image.Path), cancellation)));
                var answer = await api.PredictAsync(deployment.Id, deployment.ApiKey!, bytes, cancellation);
                if (answer.Predictions.Count != batch.Length)
                    throw new CommandException($"{batch.Length} images were sent and {answer.Predictions.Count} predictions came back.");
                mistakes.AddRange(batch.Zip(answer.Predictions).Where(pair => pair.First.Class != pair.Second.Class));
                done += batch.Length;
                progress.Show($"{done}/{images.Count} images", done, images.Count);
            }
            return done;
        });
        var elapsed = time.GetElapsedTime(started);
        var accuracy = (images.Count - mistakes.Count) / (double)images.Count;
        terminal.Line($"{images.Count - mistakes.Count} of {images.Count} right, accuracy {Format.Share(accuracy)}, {elapsed.TotalMilliseconds / images.Count:0.0} ms an image");
        ShowMistakes(mistakes, terminal);
        return Math.Round(accuracy, 4);
    }

    private static void ShowMistakes(IReadOnlyList<(VersionImage Image, Prediction Predicted)> mistakes, Terminal terminal)
    {
        if (mistakes.Count == 0)
            return;
        terminal.Line($"{(mistakes.Count <= ShownMistakes ? "mistakes:" : $"{ShownMistakes} of {mistakes.Count} mistakes, the surest first:")}");
        var table = Tables.With("image", "true", "predicted", "confidence");
        foreach (var (image, predicted) in mistakes.OrderByDescending(m => m.Predicted.Confidence).Take(ShownMistakes))
            table.Row(image.Path, image.Class, predicted.Class, predicted.Confidence.ToString("0.000"));
        terminal.Table(table, depth: 2);
    }
}
