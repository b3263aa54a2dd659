using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.ModelServer.Inference;
using VisionPlatform.ModelServer.Models;

namespace VisionPlatform.ModelServer.Tasks;

/// <summary>One object for each class that the image has, with its mask. A pixel of the image has the class of the nearest pixel of the output.</summary>
internal static class SemanticSegmentation
{
    public static ImageAnswer Answer(ModelDescription model, ModelOutputs outputs, int image, Placement placement, AnswerOptions options)
    {
        var shape = outputs.Shape("logits");
        int channels = (int)shape[1], height = (int)shape[2], width = (int)shape[3];
        var (labels, probabilities) = Labels(outputs.Floats("logits", image), channels, height * width);
        var found = new ClassMask?[channels];
        double across = (double)placement.Width / placement.ImageWidth * width / model.Width, down = (double)placement.Height / placement.ImageHeight * height / model.Height;
        for (var x = 0; x < placement.ImageWidth; x++)
        {
            var column = Math.Min((int)((x + 0.5) * across), width - 1);
            for (var y = 0; y < placement.ImageHeight; y++)
            {
                var at = Math.Min((int)((y + 0.5) * down), height - 1) * width + column;
                if (labels[at] is var label && label > 0)
                    (found[label] ??= new ClassMask(placement)).Add(x, y, probabilities[at]);
            }
        }
        return new ImageAnswer(Objects: [.. found.Select((mask, label) => (mask, label)).Where(one => one.mask is not null && one.label <= model.Classes.Count)
            .Select(one => one.mask!.ToObject(model.Classes[one.label - 1])).Where(one => one.Score >= options.MinScore)]);
    }

    /// <summary>The most likely channel of each pixel, and its probability.</summary>
    private static (ushort[] Labels, float[] Probabilities) Labels(ReadOnlySpan<float> logits, int channels, int pixels)
    {
        var labels = new ushort[pixels];
        var probabilities = new float[pixels];
        for (var at = 0; at < pixels; at++)
        {
            var best = 0;
            for (var channel = 1; channel < channels; channel++)
                if (logits[channel * pixels + at] > logits[best * pixels + at])
                    best = channel;
            var sum = 0f;
            for (var channel = 0; channel < channels; channel++)
                sum += MathF.Exp(logits[channel * pixels + at] - logits[best * pixels + at]);
            (labels[at], probabilities[at]) = ((ushort)best, 1 / sum);
        }
        return (labels, probabilities);
    }

    private sealed class ClassMask(Placement placement)
    {
        private readonly RunWriter _runs = new(placement.ImageHeight, placement.ImageWidth);
        private int _left = int.MaxValue, _top = int.MaxValue, _right, _bottom;
        private double _sum;
        private long _count;

        public void Add(int x, int y, float probability)
        {
            _runs.Add(x, y);
            (_left, _top, _right, _bottom) = (Math.Min(_left, x), Math.Min(_top, y), Math.Max(_right, x + 1), Math.Max(_bottom, y + 1));
            _sum += probability;
            _count++;
        }

        /// <summary>Its score is the mean probability of its pixels.</summary>
        public FoundObject ToObject(string name)
        {
            RleText mask = _runs.ToText();
            return new FoundObject(name, Math.Round(_sum / _count, 5), [_left, _top, _right - _left, _bottom - _top], mask);
        }
    }
}
