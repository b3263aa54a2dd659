using System.Net;
using System.Text;
using VisionPlatform.Application.Training;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Training;
using VisionPlatform.Tests;

namespace VisionPlatform.Application.Tests.Training;

public sealed class TrainerCatalogTests(TrainingDatabase training) : IClassFixture<TrainingDatabase>
{
    [Fact]
    public async Task All_trainers_are_asked_at_the_same_time_and_one_that_is_away_is_shown_as_it_was()
    {
        // Each of the two answers only when both have been asked.
        using var both = new CountdownEvent(2);
        using var one = new Trainer("one", both);
        using var two = new Trainer("two", both);
        var urls = new Dictionary<string, Uri> { ["one"] = one.Url, ["two"] = two.Url, ["away"] = new($"http://127.0.0.1:{LoopbackPort.Free()}/") };
        using var client = new TrainerClient(
            new TrainerSettings(urls, null, new Uri("http://127.0.0.1:1/"), TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), 1, TimeSpan.Zero, 150), TimeProvider.System);
        await using var database = training.Open();

        var trainers = await new TrainerCatalog(client, database, TimeProvider.System).ListAsync(TestContext.Current.CancellationToken);

        Assert.Equal([("away", false, null), ("one", true, "one"), ("two", true, "two")], trainers.Select(trainer => (trainer.Framework, trainer.Online, trainer.Capabilities?.Framework)));
    }

    /// <summary>Answers its capabilities when everybody has been asked.</summary>
    private sealed class Trainer : IDisposable
    {
        private readonly HttpListener _listener = new();

        public Trainer(string framework, CountdownEvent asked)
        {
            Url = new Uri($"http://127.0.0.1:{LoopbackPort.Free()}/");
            _listener.Prefixes.Add(Url.ToString());
            _listener.Start();
            _ = Task.Run(() =>
            {
                var call = _listener.GetContext();
                asked.Signal();
                asked.Wait();
                call.Response.ContentType = "application/json";
                call.Response.OutputStream.Write(Encoding.UTF8.GetBytes(
                    $$"""{"framework":"{{framework}}","taskTypes":[],"models":[],"configSchema":{"fields":[]},"exportFormats":[],"slots":1}"""));
                call.Response.Close();
            });
        }

        public Uri Url { get; }

        public void Dispose() => _listener.Close();
    }
}
