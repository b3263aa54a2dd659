using System.CommandLine;
using System.Net;
using VisionPlatform.Cli.Demo.Api;
using VisionPlatform.Cli.Demo.Rendering;
using VisionPlatform.Cli.Demo.Steps;

namespace VisionPlatform.Cli.Demo;

/// <summary><c>demo</c>: the platform's main job from images to predictions, as a client of its HTTP API.</summary>
internal static class DemoCommand
{
    private static readonly Option<string> _url = new("--url")
    {
        Description = "Address of the platform.",
        HelpName = "URL",
        DefaultValueFactory = _ => Settings.Optional("PUBLIC_URL") ?? "http://127.0.0.1:7071",
    };

    private static readonly Option<DirectoryInfo> _images = new("--images")
    {
        Description = "Folder with one sub-folder of images for each class.",
        HelpName = "DIR",
        Required = true,
    };

    private static readonly Option<FileInfo> _credentials = new("--credentials")
    {
        Description = "File that keeps the admin's password after the forced change.",
        HelpName = "FILE",
        DefaultValueFactory = _ => new FileInfo(Path.Combine(".platform", "demo-credentials.json")),
    };

    private static readonly Option<string> _framework = new("--framework") { Description = "Trainer framework.", HelpName = "NAME", DefaultValueFactory = _ => "torchvision" };
    private static readonly Option<string> _model = new("--model") { Description = "Model to train.", HelpName = "NAME", DefaultValueFactory = _ => "small_cnn" };
    private static readonly Option<int> _epochs = NumberOption.Build("--epochs", "Passes over the training images.", 8, 1, 1000);
    private static readonly Option<int> _batchSize = NumberOption.Build("--batch-size", "Images in a training step.", 32, 1, 4096);
    private static readonly Option<double> _learningRate = NumberOption.Build("--learning-rate", "Step size of the optimizer.", 0.002, 1e-7, 10);
    private static readonly Option<int> _patience = NumberOption.Build("--patience", "Seconds to wait for a platform that has gone away.", 600, 0, 86400);
    private static readonly Option<bool> _json = new("--json") { Description = "Write only the JSON line to stdout; everything else goes to stderr." };

    public static Command Build()
    {
        var command = new Command("demo", "Runs the main job through the HTTP API: upload, publish, train, export, deploy, predict.")
        {
            _url, _images, _credentials, _framework, _model, _epochs, _batchSize, _learningRate, _patience, _json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(ReadOptions(parsed), parsed.InvocationConfiguration, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(DemoOptions options, InvocationConfiguration streams, CancellationToken cancellation)
    {
        var terminal = Terminal.Open(options.JsonOnly);
        using var platform = new HttpClient(ConnectionPool()) { BaseAddress = options.Url, Timeout = TimeSpan.FromMinutes(2) };
        using var storage = new HttpClient(ConnectionPool()) { Timeout = TimeSpan.FromMinutes(2) };
        var patience = new Patience(options.Patience, message => terminal.Line("yellow", message), TimeProvider.System);
        var run = new DemoRun(options, new PlatformClient(new PlatformHttp(platform, patience)), storage, terminal, TimeProvider.System);
        var exitCode = ExitCode.Success;
        try
        {
            await run.RunAsync(cancellation);
        }
        catch (Exception problem)
        {
            var failure = Failure.From(problem);
            exitCode = failure.ExitCode;
            await streams.Error.WriteLineAsync($"error: {run.Summary.Failed} failed: {failure.Message}");
        }
        await streams.Output.WriteLineAsync(run.Summary.ToJson());
        return exitCode;
    }

    private static DemoOptions ReadOptions(ParseResult parsed)
    {
        var url = parsed.GetRequiredValue(_url);
        if (!Uri.TryCreate(url.TrimEnd('/') + "/", UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw CommandException.Usage($"--url '{url}' is not an http or https address.");
        var folder = parsed.GetRequiredValue(_images);
        return new DemoOptions(
            address, folder, LocalImage.In(folder), parsed.GetRequiredValue(_credentials), parsed.GetRequiredValue(_framework),
            parsed.GetRequiredValue(_model), parsed.GetValue(_epochs), parsed.GetValue(_batchSize), parsed.GetValue(_learningRate),
            TimeSpan.FromSeconds(parsed.GetValue(_patience)), parsed.GetValue(_json));
    }

    private static SocketsHttpHandler ConnectionPool() => new()
    {
        AutomaticDecompression = DecompressionMethods.All,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
    };
}
