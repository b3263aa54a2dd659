using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static VisionPlatform.Functions.Embedded.Tests.Worker.MiddlewareTests;

namespace VisionPlatform.Functions.Embedded.Tests.Worker;

public sealed class MiddlewareTests
{
    [Fact]
    public async Task Middleware_runs_in_order_and_sees_the_result_before_it_is_written()
    {
        var trail = new List<string>();
        await using RunningApp app = await RunningApp.StartAsync([typeof(MiddlewareFunctions)], configure: b =>
        {
            b.UseMiddleware(async (context, next) =>
            {
                trail.Add("first in");
                await next();
                trail.Add($"first out: {((ObjectResult)context.GetInvocationResult().Value!).Value}, started: {context.GetHttpContext()!.Response.HasStarted}");
            });
            b.UseMiddleware(async (context, next) =>
            {
                trail.Add("second in");
                await next();
                context.GetInvocationResult<IActionResult>().Value = new OkObjectResult("result changed");
            });
        });

        Assert.Equal("result changed", await app.Client.GetStringAsync("/api/Works"));
        Assert.Equal(["first in", "second in", "first out: result changed, started: False"], trail);
    }

    [Fact]
    public async Task Middleware_can_answer_with_an_action_result_in_place_of_the_function()
    {
        await using RunningApp app = await RunningApp.StartAsync([typeof(MiddlewareFunctions)], configure: b => b.UseMiddleware((context, next) =>
        {
            context.GetInvocationResult().Value = new ObjectResult(new { why = "no" }) { StatusCode = 403 };
            return Task.CompletedTask;
        }));

        HttpResponseMessage answer = await app.Client.GetAsync("/api/ThrowsAtOnce");

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal("""{"why":"no"}""", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Middleware_can_write_the_response()
    {
        await using RunningApp app = await RunningApp.StartAsync([typeof(MiddlewareFunctions)], configure: b => b.UseMiddleware(async (context, next) =>
        {
            HttpResponse response = context.GetHttpContext()!.Response;
            response.StatusCode = 429;
            await response.WriteAsync("slow down");
        }));

        HttpResponseMessage answer = await app.Client.GetAsync("/api/ThrowsAtOnce");

        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.Equal("slow down", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/api/ThrowsAtOnce")]
    [InlineData("/api/ThrowsLater")]
    public async Task Middleware_gets_the_original_exception(string path)
    {
        Exception? seen = null;
        await using RunningApp app = await RunningApp.StartAsync([typeof(MiddlewareFunctions)], configure: b => b.UseMiddleware(async (context, next) =>
        {
            try
            {
                await next();
            }
            catch (Exception e)
            {
                seen = e;
                context.GetInvocationResult().Value = new ConflictResult();
            }
        }));

        HttpResponseMessage answer = await app.Client.GetAsync(path);

        Assert.IsType<DivideByZeroException>(seen);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
    }

    [Fact]
    public async Task A_middleware_class_has_one_instance_with_services_and_can_be_conditional()
    {
        var counter = new Counter();
        await using RunningApp app = await RunningApp.StartAsync([typeof(MiddlewareFunctions)], configure: b =>
        {
            b.Services.AddSingleton(counter);
            b.UseMiddleware<Counting>();
            b.UseWhen<Stamping>(context => context.FunctionDefinition.Name == "Works");
        });

        HttpResponseMessage works = await app.Client.GetAsync("/api/Works");
        HttpResponseMessage other = await app.Client.GetAsync("/api/Other");

        Assert.Equal(1, counter.Instances);
        Assert.Equal(2, counter.Calls);
        Assert.True(works.Headers.Contains("X-Stamp"));
        Assert.False(other.Headers.Contains("X-Stamp"));
    }

    [Fact]
    public async Task Middleware_passes_items_and_features_to_the_function()
    {
        await using RunningApp app = await RunningApp.StartAsync([typeof(MiddlewareFunctions)], configure: b => b.UseMiddleware((context, next) =>
        {
            context.Items["user"] = "ann";
            context.Features.Set(new Counter { Calls = 41 });
            return next();
        }));

        Assert.Equal("ann 41", await app.Client.GetStringAsync("/api/Passed"));
    }

    public sealed class Counter
    {
        public int Instances;
        public int Calls;
    }

    public sealed class Counting : IFunctionsWorkerMiddleware
    {
        private readonly Counter _counter;

        public Counting(Counter counter)
        {
            _counter = counter;
            Interlocked.Increment(ref counter.Instances);
        }

        public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
        {
            Interlocked.Increment(ref _counter.Calls);
            return next(context);
        }
    }

    public sealed class Stamping : IFunctionsWorkerMiddleware
    {
        public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
        {
            context.GetHttpContext()!.Response.Headers["X-Stamp"] = "1";
            return next(context);
        }
    }
}

public static class MiddlewareFunctions
{
    [Function("Works")]
    public static IActionResult Works([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => new OkObjectResult("result");

    [Function("Other")]
    public static IActionResult Other([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => new OkObjectResult("result");

    [Function("Passed")]
    public static IActionResult Passed([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, FunctionContext context)
        => new OkObjectResult($"{context.Items["user"]} {context.Features.Get<Counter>()!.Calls}");

    [Function("ThrowsAtOnce")]
    public static IActionResult Throws([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => throw new DivideByZeroException();

    [Function("ThrowsLater")]
    public static async Task<IActionResult> ThrowsLater([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request)
    {
        await Task.Yield();
        throw new DivideByZeroException();
    }
}
