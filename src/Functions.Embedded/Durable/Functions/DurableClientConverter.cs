using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Official;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Binds a parameter with <see cref="DurableClientAttribute"/> to the engine's client, with this host's address and key for management URLs.</summary>
internal sealed class DurableClientConverter(DurableTaskClient client, ManagementAddress address) : IInputConverter
{
    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context)
    {
        if (context.TargetType != typeof(DurableTaskClient))
            return ValueTask.FromResult(ConversionResult.Unhandled());
        ManagementEndpoint endpoint = address.For(Invocation.Of(context.FunctionContext).Http);
        return ValueTask.FromResult(ConversionResult.Success(
            WorkerInternals.Instance.NewClient(client, "code=" + Uri.EscapeDataString(endpoint.Key), endpoint.BaseUrl)));
    }
}
