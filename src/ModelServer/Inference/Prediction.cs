using System.Diagnostics;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Images;
using VisionPlatform.ModelServer.Models;
using VisionPlatform.ModelServer.Telemetry;

namespace VisionPlatform.ModelServer.Inference;

/// <summary>Answers the images of one request, each for itself: an image that cannot be read has an error, and the others their answers.</summary>
internal sealed class Prediction(ServerSettings settings, PixelReader reader)
{
    /// <exception cref="ProblemException"><see cref="ErrorCodes.ModelServerBusy"/> if too many images wait.</exception>
    public async Task<PredictReply> AnswerAsync(LoadedModel model, IReadOnlyList<byte[]> files, AnswerOptions options, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        var measured = Measure(files, model.Description);
        // All are announced before the first is decoded, so that the first does not start a batch alone.
        foreach (var _ in measured)
            model.Queue.Announce();
        var results = await Task.WhenAll(measured.Select(one => Task.Run(() => AnswerAsync(model, one, options, cancellation), CancellationToken.None)));
        foreach (var result in results)
            ServerMetrics.Images.Add(1, new KeyValuePair<string, object?>("outcome", result.Error?.Code ?? "ok"));
        if (results.All(result => result.Error?.Code == ErrorCodes.ModelServerBusy.Code))
            throw new ProblemException(ErrorCodes.ModelServerBusy, results[0].Error!.Message) { RetryAfter = TimeSpan.FromSeconds(1) };
        return new PredictReply(results, Math.Round(Stopwatch.GetElapsedTime(started).TotalMilliseconds, 3));
    }

    /// <summary>Reads the headers: an image or its refusal. From the one on with which a request has too many pixels, images are refused.</summary>
    private List<(MeasuredImage? Image, ImageAnswer? Refusal)> Measure(IReadOnlyList<byte[]> files, ModelDescription model)
    {
        var measured = new List<(MeasuredImage?, ImageAnswer?)>(files.Count);
        long total = 0;
        foreach (var file in files)
        {
            try
            {
                var image = reader.Measure(file);
                var pixels = image.DecodedPixels(model.Width, model.Height);
                if (total + pixels > settings.MaxRequestPixels)
                {
                    measured.Add((null, ImageAnswer.Of(ErrorCodes.ImageTooLarge,
                        $"The images up to this one have more than {settings.MaxRequestPixels / 1e6:0.##} million pixels together; send fewer in one request.")));
                    continue;
                }
                total += pixels;
                measured.Add((image, null));
            }
            catch (RefusedImageException refused)
            {
                measured.Add((null, Refusal(refused)));
            }
        }
        return measured;
    }

    private async Task<ImageAnswer> AnswerAsync(LoadedModel model, (MeasuredImage? Image, ImageAnswer? Refusal) one, AnswerOptions options, CancellationToken cancellation)
    {
        WaitingImage waiting;
        try
        {
            if (one.Image is not { } image)
                return one.Refusal!;
            waiting = new WaitingImage(await InputImage.ReadAsync(reader, image, model.Description, cancellation), options, cancellation);
            model.Queue.Add(waiting);
        }
        catch (RefusedImageException refused)
        {
            return Refusal(refused);
        }
        catch (ProblemException busy)
        {
            return ImageAnswer.Of(busy.Error, busy.Message);
        }
        finally
        {
            model.Queue.Arrived();
        }
        var answer = await waiting.Answer.Task;
        return answer.Error is null
            ? answer with { Size = [one.Image!.Facts.Width, one.Image.Facts.Height], Brightness = Brightness(waiting.Image.Pixels) }
            : answer;
    }

    private static ImageAnswer Refusal(RefusedImageException refused) =>
        ImageAnswer.Of(refused.Defect == ImageDefect.TooLarge ? ErrorCodes.ImageTooLarge : ErrorCodes.InvalidImage, refused.Message);

    /// <summary>The mean of all values, 0 to 255.</summary>
    private static double Brightness(byte[] pixels)
    {
        long sum = 0;
        foreach (var value in pixels)
            sum += value;
        return Math.Round((double)sum / pixels.Length, 1);
    }
}
