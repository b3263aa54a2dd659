using System.Net;
using System.Text.Json;
using VisionPlatform.Domain.Datasets.Annotations;
using static VisionPlatform.Infrastructure.Tests.Images.TestImages;

namespace VisionPlatform.ModelServer.Tests;

/// <summary>What models answer about images, for each task, through the running server.</summary>
public sealed class ServingTests(ModelFolder models, ServingTests.Shared shared) : IClassFixture<ServingTests.Shared>
{
    private static readonly byte[] Red = Plain(40, 20, (1, 0, 0)), Green = Plain(7, 9, (0, 1, 0)), Blue = Plain(32, 32, (0, 0, 1));

    private ServerProcess Server => shared.Server;

    [Fact]
    public async Task Images_of_a_request_are_classified_each_for_itself()
    {
        await ReadyAsync("classifier");
        byte[] garbage = [1, 2, 3], half = Red[..(Red.Length / 2)];

        var results = await Server.PredictAsync("classifier", Red, garbage, Green, [], half, Blue);

        Assert.Equal(["red", "INVALID_IMAGE", "green", "INVALID_IMAGE", "INVALID_IMAGE", "blue"], results.Select(Said));
        Assert.Equal("user", results[1].GetProperty("error").GetProperty("category").GetString());
        // e^10 / (e^10 + 2): the logit of red is 10, the others are 0.
        Assert.Equal(Math.Exp(10) / (Math.Exp(10) + 2), results[0].GetProperty("confidence").GetDouble(), 1e-6);
        Assert.Equal(["red", "green", "blue"], results[0].GetProperty("top").EnumerateArray().Select(one => one.GetProperty("class").GetString()));
        Assert.Equal([40, 20], results[0].GetProperty("size").EnumerateArray().Select(side => side.GetInt32()));
        Assert.Equal(85, results[0].GetProperty("brightness").GetDouble(), 0.1);
    }

    [Fact]
    public async Task A_single_file_may_be_the_body_itself()
    {
        await ReadyAsync("classifier");

        var (status, body, _) = await Server.SendAsync(HttpMethod.Post, "/v1/models/classifier/predict?topK=1", new ByteArrayContent(Green));

        Assert.Equal(HttpStatusCode.OK, status);
        var result = Assert.Single(body.GetProperty("results").EnumerateArray());
        Assert.Equal("green", Said(result));
        Assert.Single(result.GetProperty("top").EnumerateArray());
    }

    [Fact]
    public async Task Odd_images_are_read_or_refused_and_a_huge_one_is_not_decoded()
    {
        await ReadyAsync("classifier");
        var grey16 = Png(20, 20, (_, _, _) => 1, PngColour.Grey, bits: 16);
        var clear = Png(20, 20, (_, _, channel) => channel == 3 ? 0 : 1, PngColour.Rgba);
        var cmyk = CmykJpeg(Red);
        var animated = Converted(Green, ".gif");
        // A header of 60,000 × 60,000 pixels over a few bytes.
        var huge = PngOf(60_000, 60_000, 8, 2, [1, 2, 3]);

        var results = await Server.PredictAsync("classifier", grey16, clear, cmyk, animated, huge, Red);

        Assert.Equal(["red", "red", "red", "green", "IMAGE_TOO_LARGE", "red"], results.Select(Said));
        // White has equal channels.
        Assert.Equal(1 / 3.0, results[0].GetProperty("confidence").GetDouble(), 1e-6);
    }

    [Fact]
    public async Task Objects_come_back_in_pixels_of_the_image()
    {
        await ReadyAsync("detector");
        // Letterboxed into 32 × 32, the image fills the upper half; everything is 4 times as large in the image.
        var wide = Plain(128, 64, (1, 1, 1));

        var objects = Assert.Single(await Server.PredictAsync("detector", wide)).GetProperty("objects").EnumerateArray().ToArray();

        // The box in the padding is left out.
        Assert.Equal(["blue", "red"], objects.Select(found => found.GetProperty("class").GetString()));
        Assert.Equal([32, 16, 64, 32], Numbers(objects[0].GetProperty("box")));
        Assert.Equal([0, 0, 128, 64], Numbers(objects[1].GetProperty("box")));
        Assert.Equal([[32, 16, 0.9], [96, 48, 0.4]], objects[0].GetProperty("keypoints").EnumerateArray().Select(Numbers));
        // The second keypoint lies outside; it is clipped to the image.
        Assert.Equal([128, 64, 0.5], Numbers(objects[1].GetProperty("keypoints")[1]));
        var mask = Mask(objects[0]);
        Assert.Equal((64, 128), (mask.Height, mask.Width));
        Assert.True(mask.Has(30, 40) && !mask.Has(30, 80) && !mask.Has(8, 40));
        Assert.InRange(mask.Area, 0.9 * 32 * 32, 1.1 * 34 * 34);
    }

    [Fact]
    public async Task A_caller_may_ask_for_a_higher_score()
    {
        await ReadyAsync("detector");

        var (_, body, _) = await Server.SendAsync(HttpMethod.Post, "/v1/models/detector/predict?minScore=0.7", ServerProcess.Frames(Red));

        Assert.Equal(0.9, Assert.Single(body.GetProperty("results")[0].GetProperty("objects").EnumerateArray()).GetProperty("score").GetDouble(), 1e-6);
    }

    [Fact]
    public async Task Semantic_segmentation_answers_a_mask_for_each_class_of_the_image()
    {
        await ReadyAsync("segmenter");
        // Left red, right blue, below black, which is background.
        var image = Png(64, 32, (x, y, channel) => y >= 16 ? 0 : channel == (x < 32 ? 0 : 2) ? 1 : 0);

        var objects = Assert.Single(await Server.PredictAsync("segmenter", image)).GetProperty("objects").EnumerateArray().ToArray();

        Assert.Equal(["red", "blue"], objects.Select(found => found.GetProperty("class").GetString()));
        Assert.Equal([0, 0, 32, 16], Numbers(objects[0].GetProperty("box")));
        Assert.Equal([32, 0, 32, 16], Numbers(objects[1].GetProperty("box")));
        Assert.All(objects, found => Assert.Equal(32 * 16, Mask(found).Area));
        Assert.True(Mask(objects[1]).Has(4, 40) && !Mask(objects[1]).Has(4, 20) && !Mask(objects[1]).Has(20, 40));
    }

    [Fact]
    public async Task Double_boxes_of_a_class_are_suppressed()
    {
        await ReadyAsync("yolo");

        var objects = Assert.Single(await Server.PredictAsync("yolo", Plain(64, 64, (1, 1, 1)))).GetProperty("objects").EnumerateArray().ToArray();

        Assert.Equal([("red", 0.9), ("green", 0.7)], objects.Select(found => (found.GetProperty("class").GetString()!, found.GetProperty("score").GetDouble())));
        Assert.Equal([16, 8, 32, 16], Numbers(objects[0].GetProperty("box")));
        // The mask is the left half of the image, cut to the box.
        Assert.True(Mask(objects[0]).Has(12, 20) && !Mask(objects[0]).Has(12, 44) && !Mask(objects[0]).Has(30, 20));
    }

    [Theory]
    [InlineData("?topK=0", HttpStatusCode.UnprocessableEntity, "VALIDATION_FAILED")]
    [InlineData("?minScore=2", HttpStatusCode.UnprocessableEntity, "VALIDATION_FAILED")]
    public async Task Wrong_options_are_refused(string query, HttpStatusCode expected, string code)
    {
        await ReadyAsync("classifier");

        var (status, body, _) = await Server.SendAsync(HttpMethod.Post, "/v1/models/classifier/predict" + query, ServerProcess.Frames(Red));

        Assert.Equal((expected, code), (status, body.GetProperty("code").GetString()));
        Assert.Equal("user", body.GetProperty("category").GetString());
    }

    [Fact]
    public async Task Requests_have_limits()
    {
        await ReadyAsync("classifier");
        byte[] broken = [9, 0, 0, 0, 1];

        var tooMany = await Server.SendAsync(HttpMethod.Post, "/v1/models/classifier/predict", ServerProcess.Frames([.. Enumerable.Repeat(Red, 65)]));
        var tooLarge = await Server.SendAsync(HttpMethod.Post, "/v1/models/classifier/predict", new ByteArrayContent(new byte[(64 << 20) + 1]));
        var text = await Server.SendAsync(HttpMethod.Put, "/v1/models/one", new StringContent("no JSON", System.Text.Encoding.UTF8, "application/json"));
        var cut = await Server.SendAsync(HttpMethod.Post, "/v1/models/classifier/predict", new ByteArrayContent(broken) { Headers = { ContentType = new("application/x-image-frames") } });

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "VALIDATION_FAILED"), (tooMany.Status, tooMany.Body.GetProperty("code").GetString()));
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "BODY_TOO_LARGE"), (tooLarge.Status, tooLarge.Body.GetProperty("code").GetString()));
        Assert.Equal((HttpStatusCode.BadRequest, "MALFORMED_JSON"), (text.Status, text.Body.GetProperty("code").GetString()));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "VALIDATION_FAILED"), (cut.Status, cut.Body.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Images_of_a_request_run_together()
    {
        await ReadyAsync("classifier");
        var before = await BatchesAsync();

        Assert.Equal(32, (await Server.PredictAsync("classifier", [.. Enumerable.Repeat(Blue, 32)])).Length);

        Assert.InRange(await BatchesAsync() - before, 1, 31);
    }

    private async Task<double> BatchesAsync() => (await Server.MetricsAsync()).Split('\n')
        .Where(line => line.StartsWith("model_server_batch_size_count", StringComparison.Ordinal)).Sum(line => double.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture));

    private async Task ReadyAsync(string name)
    {
        var (status, body) = await Server.LoadAsync(name, models.Request(name));
        Assert.True(status == HttpStatusCode.OK, $"{status}: {body}");
    }

    private static string Said(JsonElement result) =>
        (result.TryGetProperty("error", out var error) ? error.GetProperty("code") : result.GetProperty("class")).GetString()!;

    private static double[] Numbers(JsonElement values) => [.. values.EnumerateArray().Select(value => value.GetDouble())];

    private static RunLengthMask Mask(JsonElement found)
    {
        var rle = found.GetProperty("rle");
        return RunLengthMask.Parse(rle.GetProperty("size")[0].GetInt32(), rle.GetProperty("size")[1].GetInt32(), rle.GetProperty("counts").GetString()!);
    }

    internal static byte[] Plain(int width, int height, (double R, double G, double B) colour) =>
        Png(width, height, (_, _, channel) => channel switch { 0 => colour.R, 1 => colour.G, _ => colour.B });

    public sealed class Shared : IAsyncLifetime
    {
        public ServerProcess Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await ServerProcess.StartAsync(("MODEL_SERVER_MEMORY_MB", "1000"));

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
