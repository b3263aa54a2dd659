using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using VisionPlatform.Domain.Errors;
using VisionPlatform.ModelServer.Inference;
using VisionPlatform.ModelServer.Tasks;

namespace VisionPlatform.ModelServer.Models;

/// <summary>A model in memory that was run once. Its images are computed in batches.</summary>
internal sealed class LoadedModel : IAsyncDisposable
{
    /// <summary>Values of the input of one run, at most, unless one image has more.</summary>
    private const int RunValues = 4 << 20;

    /// <summary>
    /// A model whose image takes less runs on one thread: waking others for each operation takes a quarter of such a run, and up to half of its processor
    /// time, which decoding and answering need.
    /// </summary>
    private static readonly TimeSpan OneThreadBelow = TimeSpan.FromMilliseconds(2);

    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly float[][] _tables;
    private readonly string[] _roles;
    private readonly string[] _outputs;
    private readonly int _maxBatch;
    private float[] _input = [];

    /// <summary>Opens the file and runs it with one image, and with as many as a batch may have.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.ModelInvalid"/> or <see cref="ErrorCodes.ModelTooLarge"/>.</exception>
    public LoadedModel(Runtime runtime, string path, ModelDescription description, ServerSettings settings)
    {
        Description = description;
        _tables = InputImage.Tables(description.Preprocessing);
        (_roles, _outputs) = ([.. description.Outputs.Keys], [.. description.Outputs.Values]);
        _maxBatch = description.OneAtATime || description.Postprocessing == Postprocessing.Detections ? 1 : Math.Clamp(RunValues / description.ValuesOfImage, 1, settings.MaxBatch);
        _session = Open(runtime, path, onOneThread: false);
        try
        {
            RequireNames();
            WarmUp();
            if (QuickestRun() < OneThreadBelow)
            {
                _session.Dispose();
                _session = Open(runtime, path, onOneThread: true);
                WarmUp();
            }
        }
        catch
        {
            _session.Dispose();
            _run.Dispose();
            throw;
        }
        Queue = new BatchQueue(Compute, _maxBatch, settings.BatchDelay, settings.MaxQueue);
    }

    public ModelDescription Description { get; }

    public BatchQueue Queue { get; }

    /// <summary>Answers what waits, then frees the memory.</summary>
    public async ValueTask DisposeAsync()
    {
        await Queue.DisposeAsync();
        _session.Dispose();
        _run.Dispose();
    }

    private static InferenceSession Open(Runtime runtime, string path, bool onOneThread)
    {
        try
        {
            return runtime.Open(path, onOneThread);
        }
        catch (Exception failure) when (failure is OnnxRuntimeException or OutOfMemoryException)
        {
            throw ToProblem(failure);
        }
    }

    private static ProblemException ToProblem(Exception failure) => Runtime.IsOutOfMemory(failure)
        ? new ProblemException(ErrorCodes.ModelTooLarge, "The model does not fit into the memory of the model server.", inner: failure)
        : new ProblemException(ErrorCodes.ModelInvalid, $"The model file cannot be run: {FirstLine(failure.Message)}", inner: failure);

    private static string FirstLine(string text) => text.Split('\n', 2)[0] is { Length: > 300 } line ? line[..300] : text.Split('\n', 2)[0];

    private void RequireNames()
    {
        if (!_session.InputMetadata.TryGetValue(Description.InputName, out var input) || _session.InputMetadata.Count != 1)
            throw new ProblemException(ErrorCodes.ModelInvalid, $"The model's inputs are {string.Join(", ", _session.InputMetadata.Keys)}, not {Description.InputName} alone.");
        if (input.ElementDataType != Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float)
            throw new ProblemException(ErrorCodes.ModelInvalid, $"The model's input is of type {input.ElementDataType}, not float32.");
        var missing = _outputs.Except(_session.OutputMetadata.Keys).ToArray();
        if (missing.Length > 0)
            throw new ProblemException(ErrorCodes.ModelInvalid, $"The model has no output {string.Join(", ", missing)}.");
    }

    private void WarmUp()
    {
        WaitingImage[] images = [.. Enumerable.Range(0, _maxBatch).Select(_ => BlackImage())];
        try
        {
            Run(images[..1], outputs => RequireShapes(outputs));
            if (images.Length > 1)
                Compute(images);
        }
        catch (Exception failure) when (failure is OnnxRuntimeException or OutOfMemoryException or ArgumentException or IndexOutOfRangeException)
        {
            throw ToProblem(failure);
        }
    }

    /// <summary>Of some runs with one image, because other programs slow some of them down.</summary>
    private TimeSpan QuickestRun()
    {
        WaitingImage[] image = [BlackImage()];
        return Enumerable.Range(0, 5).Min(_ =>
        {
            var started = Stopwatch.GetTimestamp();
            Compute(image);
            return Stopwatch.GetElapsedTime(started);
        });
    }

    private WaitingImage BlackImage() => new(
        new InputImage(new byte[Description.ValuesOfImage], new Placement(Description.Width, Description.Height, Description.Width, Description.Height)), new AnswerOptions(1, 1), CancellationToken.None);

    private void RequireShapes(ModelOutputs outputs)
    {
        var (role, channel, wanted) = Description.Postprocessing switch
        {
            Postprocessing.Softmax => ("logits", 1, Description.Classes.Count),
            Postprocessing.Argmax => ("logits", 1, Description.Classes.Count + 1),
            Postprocessing.Detections => ("boxes", 1, 4),
            _ => ("predictions", 1, 4 + Description.Classes.Count + 3 * Description.Keypoints.Count),
        };
        var shape = outputs.Shape(role);
        var dimensions = Description.Postprocessing switch { Postprocessing.Argmax => 4, Postprocessing.Yolo => 3, _ => 2 };
        var fits = shape.Length == dimensions && (Description.Postprocessing == Postprocessing.Yolo && outputs.Has("protos") ? shape[channel] > wanted : shape[channel] == wanted);
        if (!fits)
            throw new ProblemException(ErrorCodes.ModelInvalid, $"The model returns {role} of shape [{string.Join(", ", shape)}] for {Description.Classes.Count} classes.");
    }

    private ImageAnswer[] Compute(IReadOnlyList<WaitingImage> images)
    {
        var answers = new ImageAnswer[images.Count];
        Run(images, outputs =>
        {
            for (var i = 0; i < images.Count; i++)
                answers[i] = AnswerOf(outputs, i, images[i]);
        });
        return answers;
    }

    private ImageAnswer AnswerOf(ModelOutputs outputs, int index, WaitingImage waiting) => Description.Postprocessing switch
    {
        Postprocessing.Softmax => Classification.Answer(Description, outputs, index, waiting.Options),
        Postprocessing.Argmax => SemanticSegmentation.Answer(Description, outputs, index, waiting.Image.Placement, waiting.Options),
        Postprocessing.Detections => Detections.Answer(Description, outputs, waiting.Image.Placement, waiting.Options),
        _ => Yolo.Answer(Description, outputs, index, waiting.Image.Placement, waiting.Options),
    };

    private void Run(IReadOnlyList<WaitingImage> images, Action<ModelOutputs> read)
    {
        var values = Description.ValuesOfImage;
        if (_input.Length < images.Count * values)
            _input = GC.AllocateUninitializedArray<float>(images.Count * values);
        for (var i = 0; i < images.Count; i++)
            images[i].Image.WriteTo(_input.AsSpan(i * values, values), Description, _tables);
        using var input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _input.AsMemory(0, images.Count * values), [images.Count, 3, Description.Height, Description.Width]);
        using var outputs = _session.Run(_run, [Description.InputName], [input], _outputs);
        read(new ModelOutputs(_roles.Zip(outputs).ToDictionary(output => output.First, output => output.Second, StringComparer.Ordinal)));
    }
}
