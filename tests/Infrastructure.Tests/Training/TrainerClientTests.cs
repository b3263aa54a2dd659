using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Images;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Infrastructure.Tests.Training;

/// <summary>How the platform understands each kind of answer of a trainer, given by a real HTTP server.</summary>
public sealed class TrainerClientTests
{
    private static readonly TrainerPredictRequest Predict = new(new TrainerServedModel(Guid.NewGuid(), "onnx", new Uri("http://127.0.0.1/m"), "ab", null), [], 1);

    [Theory]
    [InlineData(422, """{"code":"INVALID_IMAGE","index":2,"message":"no image"}""", "INVALID_IMAGE")]
    [InlineData(422, """{"code":"IMAGE_TOO_LARGE","index":2,"message":"has 99 million pixels"}""", "IMAGE_TOO_LARGE")]
    [InlineData(503, """{"code":"TRAINER_BUSY","message":"later"}""", "TRAINER_BUSY")]
    [InlineData(422, """{"code":"MODEL_INVALID","message":"not an ONNX file"}""", "TRAINER_PROTOCOL_ERROR")]
    [InlineData(422, "<html>", "TRAINER_PROTOCOL_ERROR")]
    [InlineData(401, """{"code":"UNAUTHORIZED"}""", "TRAINER_PROTOCOL_ERROR")]
    [InlineData(401, """{"code":"UNAUTHENTICATED"}""", "TRAINER_PROTOCOL_ERROR")] // If it were passed on, it would end the session of the caller.
    [InlineData(404, """{"code":"NOT_FOUND"}""", "TRAINER_PROTOCOL_ERROR")]
    [InlineData(409, """{"code":"TRAINER_BUSY"}""", "TRAINER_BUSY")]
    [InlineData(500, "", "TRAINER_UNAVAILABLE")]
    [InlineData(200, "{", "TRAINER_PROTOCOL_ERROR")]
    [InlineData(200, "{}", "TRAINER_PROTOCOL_ERROR")]
    [InlineData(200, """{"predictions":[{"class":"dent","confidence":0.9,"top":[]}],"inferenceMs":1}""", "TRAINER_PROTOCOL_ERROR")] // One more than images.
    public async Task A_failed_prediction_has_the_code_that_says_who_can_solve_it(int status, string body, string code)
    {
        await using var trainer = await TrainerAsync(status, body);
        using var client = Client(trainer);
        var failure = await Assert.ThrowsAsync<ProblemException>(() => client.PredictAsync("torchvision", Predict, TestContext.Current.CancellationToken));
        Assert.Equal(code, failure.Error.Code);
        if (code is "INVALID_IMAGE" or "IMAGE_TOO_LARGE")
            Assert.Equal(["images[2]"], failure.Errors.Keys);
    }

    [Theory]
    [InlineData(202, "{}", typeof(TrainerStart.Accepted))]
    [InlineData(409, """{"code":"TRAINER_BUSY"}""", typeof(TrainerStart.Busy))]
    [InlineData(422, """{"code":"INVALID_CONFIG","field":"config.epochs","message":"too many"}""", typeof(TrainerStart.Rejected))]
    [InlineData(503, "", typeof(TrainerStart.Unreachable))]
    public async Task An_answer_to_a_start_means_accepted_later_or_never(int status, string body, Type expected)
    {
        await using var trainer = await TrainerAsync(status, body);
        using var client = Client(trainer);
        var start = await client.StartAsync("torchvision", Job(), TestContext.Current.CancellationToken);
        Assert.IsType(expected, start);
        if (start is TrainerStart.Rejected rejected)
            Assert.Equal(("INVALID_CONFIG", "config.epochs: too many"), (rejected.Failure.Code, rejected.Failure.Message));
    }

    [Fact]
    public async Task A_trainer_that_does_not_answer_is_waited_for()
    {
        var trainer = await TrainerAsync(202, "{}");
        using var client = Client(trainer);
        await trainer.DisposeAsync();
        Assert.IsType<TrainerStart.Unreachable>(await client.StartAsync("torchvision", Job(), TestContext.Current.CancellationToken));
        Assert.False(await client.CancelAsync("torchvision", Guid.NewGuid(), 1, TestContext.Current.CancellationToken));
    }

    private static TrainerJobRequest Job() => new(
        "1", Guid.NewGuid(), 1, "train", new TrainerCallback(new Uri("http://127.0.0.1/"), "token", 5), "image_classification", "small_cnn", null,
        new Dictionary<string, System.Text.Json.JsonElement>(), null, null);

    private static TrainerClient Client(WebApplication trainer) => new(
        TrainerSettings.From(new ConfigurationBuilder().AddInMemoryCollection([new("TRAINER_TORCHVISION_URL", trainer.Urls.First())]).Build()), TimeProvider.System);

    private static async Task<WebApplication> TrainerAsync(int status, string body)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var trainer = builder.Build();
        trainer.Run(async context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(body);
        });
        await trainer.StartAsync();
        return trainer;
    }
}
