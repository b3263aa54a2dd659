using VisionPlatform.ModelServer.Inference;
using VisionPlatform.ModelServer.Models;

namespace VisionPlatform.ModelServer.Tasks;

/// <summary>
/// Raw anchors <c>[4 + classes + extra, A]</c> of an image: centre x, centre y, width and height in pixels of the input, a probability for each class,
/// then the keypoints (x, y, score each) or the weights of the mask's <c>protos</c>. Double boxes of a class are suppressed here.
/// </summary>
internal static class Yolo
{
    private const int MaxObjects = 300;

    /// <summary>Candidates that enter the suppression, which compares each with each.</summary>
    private const int MaxCandidates = 3000;

    private readonly record struct Candidate(int Anchor, int Label, float Score, InputBox Box);

    public static ImageAnswer Answer(ModelDescription model, ModelOutputs outputs, int image, Placement placement, AnswerOptions options)
    {
        var values = outputs.Floats("predictions", image);
        var anchors = (int)outputs.Shape("predictions")[2];
        var objects = new List<FoundObject>();
        foreach (var found in Suppress(Candidates(values, anchors, model.Classes.Count, Math.Max(model.ScoreThreshold, options.MinScore)), model.IouThreshold))
        {
            var box = found.Box.InImage(placement);
            if (box[2] <= 0 || box[3] <= 0)
                continue;
            objects.Add(new FoundObject(model.Classes[found.Label], Detections.Score(found.Score), box)
            {
                Keypoints = model.Keypoints.Count > 0 ? Keypoints(values, anchors, found.Anchor, model, placement) : null,
                Rle = outputs.Has("protos") ? Mask(values, anchors, found, model, outputs, image, placement) : null,
            });
        }
        return new ImageAnswer(Objects: objects);
    }

    private static List<Candidate> Candidates(ReadOnlySpan<float> values, int anchors, int classes, float threshold)
    {
        var candidates = new List<Candidate>();
        for (var anchor = 0; anchor < anchors; anchor++)
        {
            var label = 0;
            for (var other = 1; other < classes; other++)
                if (values[(4 + other) * anchors + anchor] > values[(4 + label) * anchors + anchor])
                    label = other;
            var score = values[(4 + label) * anchors + anchor];
            if (!(score >= threshold))
                continue;
            float x = values[anchor], y = values[anchors + anchor], width = values[2 * anchors + anchor], height = values[3 * anchors + anchor];
            candidates.Add(new Candidate(anchor, label, score, new InputBox(x - width / 2, y - height / 2, x + width / 2, y + height / 2)));
        }
        candidates.Sort((a, b) => b.Score.CompareTo(a.Score));
        return candidates.Count <= MaxCandidates ? candidates : candidates[..MaxCandidates];
    }

    private static List<Candidate> Suppress(List<Candidate> candidates, float overlap)
    {
        var kept = new List<Candidate>();
        foreach (var candidate in candidates)
        {
            if (kept.Count == MaxObjects)
                break;
            if (!kept.Exists(better => better.Label == candidate.Label && better.Box.OverlapWith(candidate.Box) > overlap))
                kept.Add(candidate);
        }
        return kept;
    }

    private static double[][] Keypoints(ReadOnlySpan<float> values, int anchors, int anchor, ModelDescription model, Placement placement)
    {
        var first = 4 + model.Classes.Count;
        var points = new double[model.Keypoints.Count][];
        for (var i = 0; i < points.Length; i++)
        {
            int x = first + 3 * i;
            points[i] =
            [
                InputBox.Round(placement.X(values[x * anchors + anchor])), InputBox.Round(placement.Y(values[(x + 1) * anchors + anchor])),
                Detections.Score(values[(x + 2) * anchors + anchor]),
            ];
        }
        return points;
    }

    private static Domain.Datasets.Annotations.RleText Mask(
        ReadOnlySpan<float> values, int anchors, Candidate found, ModelDescription model, ModelOutputs outputs, int image, Placement placement)
    {
        var shape = outputs.Shape("protos");
        int weights = (int)shape[1], height = (int)shape[2], width = (int)shape[3], first = 4 + model.Classes.Count;
        var protos = outputs.Floats("protos", image);
        var plane = new float[height * width];
        for (var i = 0; i < weights; i++)
        {
            var weight = values[(first + i) * anchors + found.Anchor];
            var proto = protos.Slice(i * plane.Length, plane.Length);
            for (var at = 0; at < plane.Length; at++)
                plane[at] += weight * proto[at];
        }
        for (var at = 0; at < plane.Length; at++)
            plane[at] = 1 / (1 + MathF.Exp(-plane[at]));
        return Masks.Paint(plane, width, height, model.Width, model.Height, placement, found.Box, model.MaskThreshold);
    }
}
