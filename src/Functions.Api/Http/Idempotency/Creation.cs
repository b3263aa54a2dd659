using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Idempotency;

namespace VisionPlatform.Api.Http.Idempotency;

public sealed class Creation(CreateTransaction<Answer> transaction) : IAsyncDisposable
{
    public IResult? Earlier => transaction.Earlier?.ToResult();

    public async Task<IResult> CommitAsync(Answer answer, CancellationToken cancellation) => (await transaction.CommitAsync(answer, cancellation)).ToResult();

    public ValueTask DisposeAsync() => transaction.DisposeAsync();
}

public static class CreationExtensions
{
    public static async Task<Creation> BeginCreationAsync(this HttpRequest request, DbContext database, TimeProvider time, CancellationToken cancellation) =>
        new(await request.Once<Answer>(answer => answer).BeginAsync(database, cancellation));
}
