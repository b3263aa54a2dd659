using System.Net;
using System.Text;
using System.Text.Json;
using VisionPlatform.Api.Http;
using VisionPlatform.Api.Http.Access;
using VisionPlatform.Api.Http.Answers;
using VisionPlatform.Api.Http.Lists;
using VisionPlatform.Api.Http.Limits;
using VisionPlatform.Api.Http.Requests;
using VisionPlatform.Api.Http.Idempotency;
using VisionPlatform.Domain.Training;
using VisionPlatform.Images;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Tests;

namespace VisionPlatform.Platform.Tests.Contract;

/// <summary>
/// Answers the requests to a trainer (trainers/protocol.md) that the examples cause: capabilities and predictions. It accepts no jobs; tests of
/// training use the real trainer.
/// </summary>
internal sealed class ExampleTrainer : IDisposable
{
    public static readonly TrainerCapabilities Capabilities = new(
        "torchvision", "1", ["image_classification"], [new TrainerModel("small_cnn", "Small CNN", ["image_classification"], null, null, null)],
        new ConfigSchema(
        [
            new ConfigField("epochs", "int", JsonSerializer.SerializeToElement(10), 1, 1000, null, null, false, false, "How often each image is seen."),
            new ConfigField("learningRate", "float", JsonSerializer.SerializeToElement(0.002), 0.00001, 1, null, null, false, false, "Size of an optimization step."),
        ], null),
        [new TrainerExportFormat("onnx", new Dictionary<string, ValueRule> { ["opset"] = new("int", JsonSerializer.SerializeToElement(13), 9, 20, null, null) })], null, 1);

    private readonly HttpListener _listener = new();

    public ExampleTrainer()
    {
        Address = $"http://127.0.0.1:{LoopbackPort.Free()}/";
        _listener.Prefixes.Add(Address);
        _listener.Start();
        _ = ServeAsync();
    }

    public string Address { get; }

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext call;
            try
            {
                call = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return; // Closed at the end of the tests.
            }
            try
            {
                await AnswerAsync(call);
            }
            catch (HttpListenerException)
            {
                // The caller did not wait for the answer.
            }
        }
    }

    private static async Task AnswerAsync(HttpListenerContext call)
    {
        var (status, body) = call.Request.Url!.AbsolutePath switch
        {
            "/v1/capabilities" => (200, JsonSerializer.Serialize(Capabilities, ApiJson.Options)),
            "/v1/predict" => (200, await PredictAsync(call.Request)),
            "/health" => (200, "{}"),
            _ => (409, """{"code":"TRAINER_BUSY","message":"It takes no jobs."}"""),
        };
        call.Response.StatusCode = status;
        call.Response.ContentType = "application/json";
        await call.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body));
        call.Response.Close();
    }

    private static async Task<string> PredictAsync(HttpListenerRequest request)
    {
        using var body = await JsonDocument.ParseAsync(request.InputStream);
        var predictions = Enumerable.Repeat("""{"index":0,"class":"dent","confidence":0.9,"top":[{"class":"dent","confidence":0.9}]}""", body.RootElement.GetProperty("images").GetArrayLength());
        return $$"""{"predictions":[{{string.Join(',', predictions)}}],"inferenceMs":1.5}""";
    }
}
