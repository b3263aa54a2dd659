using VisionPlatform.Bench;
using VisionPlatform.Bench.Api;
using VisionPlatform.Bench.Data;
using VisionPlatform.Bench.Engine;
using VisionPlatform.Bench.Hosts;
using VisionPlatform.Bench.Serving;
using VisionPlatform.Bench.Training;

// `./platform bench TOPIC [ARGUMENTS…]` (infra/local/bench.sh). A topic is a folder here; it prints only JSON lines, through Report.
Dictionary<string, Func<string[], CancellationToken, Task>> topics = new(StringComparer.Ordinal)
{
    ["engine"] = EngineBench.RunAsync,
    ["api"] = ApiBench.RunAsync,
    ["data"] = DataBench.RunAsync,
    ["hosts"] = HostsBench.RunAsync,
    ["serving"] = ServingBench.RunAsync,
    ["training"] = TrainingBench.RunAsync,
};

if (args is not [var topic, .. var arguments] || !topics.TryGetValue(topic, out var run))
{
    Report.Progress($"There is no such topic; there are: {string.Join(", ", topics.Keys)}");
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};
try
{
    await run(arguments, stop.Token);
    return 0;
}
catch (BenchArgumentException wrong)
{
    Report.Progress(wrong.Message);
    return 2;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}
