using VisionPlatform.Cli.Demo.Api;
using VisionPlatform.Cli.Demo.Rendering;
using VisionPlatform.Cli.Demo.Steps;

namespace VisionPlatform.Cli.Demo;

/// <summary>Runs the main job step by step. <see cref="Summary"/> says how far it got, even after a failure.</summary>
internal sealed class DemoRun(DemoOptions options, PlatformClient api, HttpClient storage, Terminal terminal, TimeProvider time)
{
    private const int StepCount = 7;

    private int _step;

    public DemoSummary Summary { get; } = new();

    /// <exception cref="Exception">A step failed; <see cref="DemoSummary.Failed"/> names it.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        try
        {
            await RunStepsAsync(cancellation);
        }
        finally
        {
            Summary.Seconds["total"] = Rounded(time.GetElapsedTime(started));
        }
        ShowSummary();
        if (Summary.Accuracy < DemoOptions.RequiredAccuracy)
        {
            Summary.Failed = "accuracy";
            throw new CommandException($"the held-out accuracy {Format.Share(Summary.Accuracy)} is below {DemoOptions.RequiredAccuracy}. Train longer: --epochs {options.Epochs * 2}.");
        }
    }

    private async Task RunStepsAsync(CancellationToken cancellation)
    {
        var project = await StepAsync("signIn", "Sign in and create a project", () => SignIn.RunAsync(api, options, terminal, time, cancellation));
        Summary.ProjectId = project.Id;
        var dataset = await StepAsync("upload", "Upload the images", () => new DatasetUpload(api, storage, terminal, time).RunAsync(project, options.Folder.Name, options.Images, cancellation));
        var version = await StepAsync("publish", "Publish an immutable dataset version", () => Publish.RunAsync(api, dataset, terminal, cancellation));
        Summary.DatasetVersionId = version.Id;
        var model = await StepAsync("train", "Train", async () =>
        {
            await Capabilities.CheckAsync(api, options, terminal, cancellation);
            var job = await Training.CreateAsync(api, project, version, options, terminal, cancellation);
            Summary.JobId = job.Id;
            job = await new Training(api, terminal, time).RunAsync(job, cancellation);
            return await TrainingReport.ShowAsync(api, job, terminal, cancellation);
        });
        Summary.ModelVersionId = model.Id;
        var exports = await StepAsync("export", "Export to ONNX and TorchScript", async () =>
        {
            var ended = await Export.RunAsync(api, model, terminal, cancellation);
            Summary.Exports = [.. ended.Select(ExportResult.From)];
            return Export.Checked(ended);
        });
        var deployment = await StepAsync("deploy", "Deploy the ONNX model", async () =>
        {
            var created = await Deploy.CreateAsync(api, exports.First(e => e.Format == "onnx"), project, terminal, cancellation);
            Summary.DeploymentId = created.Id;
            return await Deploy.WaitAsync(api, created, terminal, cancellation);
        });
        Summary.Accuracy = await StepAsync("predict", "Predict the held-out images", () => Predict.RunAsync(api, deployment, dataset, version, options.Folder, terminal, time, cancellation));
    }

    private async Task<T> StepAsync<T>(string name, string title, Func<Task<T>> step)
    {
        terminal.Heading($"{++_step}/{StepCount} {title}");
        var started = time.GetTimestamp();
        try
        {
            return await step();
        }
        catch
        {
            Summary.Failed = name;
            throw;
        }
        finally
        {
            Summary.Seconds[name] = Rounded(time.GetElapsedTime(started));
        }
    }

    private void ShowSummary()
    {
        terminal.Heading("Summary");
        var seconds = Tables.With("step", "seconds");
        foreach (var (step, value) in Summary.Seconds)
            seconds.Row(step, value.ToString("0.0"));
        terminal.Table(seconds);
        var good = Summary.Accuracy >= DemoOptions.RequiredAccuracy;
        var verdict = $"held-out accuracy {Format.Share(Summary.Accuracy)}, {DemoOptions.RequiredAccuracy} is required";
        terminal.Line(good ? "green" : "red", verdict);
        terminal.EmptyLine();
    }

    private static double Rounded(TimeSpan elapsed) => Math.Round(elapsed.TotalSeconds, 2);
}
