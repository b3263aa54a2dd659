using Microsoft.Extensions.Configuration;

namespace VisionPlatform.Infrastructure.Settings;

/// <summary>The model servers, which serve ONNX exports.</summary>
/// <param name="Urls">Base URLs; without any, trainers serve ONNX exports too.</param>
/// <param name="ApiKey">Sent to model servers as a bearer token, when set.</param>
public sealed record ModelServerSettings(IReadOnlyList<Uri> Urls, string? ApiKey)
{
    /// <exception cref="SettingsException">Names every problem.</exception>
    public static ModelServerSettings From(IConfiguration configuration) => SettingsReader.Read(configuration, From);

    public static ModelServerSettings From(SettingsReader settings) => new(
        [.. settings.List("MODEL_SERVER_URLS", "URLs of the model servers, which serve ONNX exports; without any, their trainers do", "http://127.0.0.1:7401")
            .Select(url => settings.AbsoluteUrl("MODEL_SERVER_URLS", url.TrimEnd('/') + "/")).OfType<Uri>()],
        settings.Text("MODEL_SERVER_API_KEY", "sent to model servers as a bearer token", secret: true));

    /// <summary>The settings without their secrets.</summary>
    public override string ToString() => string.Join(", ", Urls);
}
