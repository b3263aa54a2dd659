using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Api.Http;
using VisionPlatform.Api.Http.Access;
using VisionPlatform.Api.Http.Answers;
using VisionPlatform.Api.Http.Lists;
using VisionPlatform.Api.Http.Limits;
using VisionPlatform.Api.Http.Requests;
using VisionPlatform.Api.Http.Idempotency;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Platform.Tests.Http;

public sealed class UndeclaredFunctionTests
{
    [Fact]
    public async Task A_function_without_an_access_declaration_refuses_every_caller()
    {
        var ran = false;
        using var limits = new RateLimits(new TrafficSettings(0, 0, 0, 0, 0, 0, []), null!, TimeProvider.System);
        var middleware = new AccessMiddleware(new FunctionDeclarations(), limits, new MetricsToken(new TelemetrySettings(null, null, null, null, null, 1)));

        await Assert.ThrowsAsync<InvalidOperationException>(() => middleware.Invoke(new Call(nameof(Functions.Forgotten)), _ => Ran()));
        Assert.False(ran);

        await middleware.Invoke(new Call(nameof(Functions.Open)), _ => Ran());
        Assert.True(ran);

        Task Ran()
        {
            ran = true;
            return Task.CompletedTask;
        }
    }

    public static class Functions
    {
        [Function(nameof(Forgotten))]
        public static IResult Forgotten([HttpTrigger("get")] HttpRequest request) => TypedResults.Ok(request.Path);

        [Function(nameof(Open)), AllowAnonymousAccess]
        public static IResult Open([HttpTrigger("get")] HttpRequest request) => TypedResults.Ok(request.Path);
    }

    /// <summary>An invocation as a host makes it.</summary>
    private sealed class Call(string method) : FunctionContext
    {
        public override string InvocationId => "1";

        public override string FunctionId => method;

        public override TraceContext TraceContext => throw new NotSupportedException();

        public override BindingContext BindingContext => throw new NotSupportedException();

        public override RetryContext RetryContext => throw new NotSupportedException();

        public override IServiceProvider InstanceServices { get; set; } = new ServiceCollection()
            .AddScoped(_ => new Authentication(null!, null!)).BuildServiceProvider();

        public override FunctionDefinition FunctionDefinition { get; } = new Definition(method);

        public override IDictionary<object, object> Items { get; set; } = new Dictionary<object, object> { ["HttpRequestContext"] = new DefaultHttpContext() };

        public override IInvocationFeatures Features => throw new NotSupportedException();
    }

    private sealed class Definition(string method) : FunctionDefinition
    {
        public override ImmutableArray<FunctionParameter> Parameters => [];

        public override string PathToAssembly => typeof(Functions).Assembly.Location;

        public override string EntryPoint => $"{typeof(Functions).FullName}.{method}";

        public override string Id => method;

        public override string Name => method;

        public override IImmutableDictionary<string, BindingMetadata> InputBindings => ImmutableDictionary<string, BindingMetadata>.Empty;

        public override IImmutableDictionary<string, BindingMetadata> OutputBindings => ImmutableDictionary<string, BindingMetadata>.Empty;
    }
}
