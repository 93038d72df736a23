using System.Collections.Concurrent;
using DmAgents.Api.Admin.V1;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DmAgents.Cli.Tests.Support;

/// <summary>An agent on a real Unix socket whose answers a test writes down beforehand.</summary>
internal sealed class FakeAgent : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Type, Answers> _answers = new();

    private readonly string _directory = Directory.CreateTempSubdirectory("dmagent-test-").FullName;
    private WebApplication? _application;

    private FakeAgent()
    {
    }

    private delegate IAsyncEnumerable<IMessage> Answers(IMessage request, ServerCallContext context);

    public string Socket => Path.Combine(_directory, "admin.sock");

    public ConcurrentQueue<IMessage> Requests { get; } = new();

    /// <summary>What an import was sent so far.</summary>
    public byte[] Received { get; set; } = [];

    /// <summary>Whether it answers a sent archive after the first message.</summary>
    public bool RefusesAtOnce { get; set; }

    public T Request<T>() where T : IMessage => Requests.OfType<T>().Single();

    public static async Task<FakeAgent> StartAsync()
    {
        var self = new FakeAgent();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(
            self.Socket, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton(self);
        var application = self._application = builder.Build();
        application.MapGrpcService<FakeHosts>();
        application.MapGrpcService<FakePools>();
        application.MapGrpcService<FakeImages>();
        application.MapGrpcService<FakeLayers>();
        application.MapGrpcService<FakeContainers>();
        application.MapGrpcService<FakeEvents>();
        application.MapGrpcService<FakeFleets>();
        application.MapGrpcService<FakeTransfers>();
        application.MapGrpcService<FakeRegistries>();
        application.MapGrpcService<FakeSpread>();
        application.MapGrpcService<FakeInventory>();
        await application.StartAsync();
        return self;
    }

    /// <summary>An agent with these pools.</summary>
    public static async Task<FakeAgent> WithPoolsAsync(params string[] names)
    {
        var agent = await StartAsync();
        var reply = new ListPoolsReply();
        reply.Pools.Add(names.Select(name => new PoolSummary { Name = name }));
        agent.On<ListPoolsRequest>(_ => reply);
        return agent;
    }

    public FakeAgent On<TRequest>(Func<TRequest, IMessage> answer) where TRequest : IMessage =>
        Streams<TRequest>(request => [answer(request)]);

    public FakeAgent Streams<TRequest>(Func<TRequest, IEnumerable<IMessage>> answers) where TRequest : IMessage =>
        With<TRequest>((request, _) => answers(request).ToAsyncEnumerable());

    public FakeAgent With<TRequest>(Func<TRequest, ServerCallContext, IAsyncEnumerable<IMessage>> answers)
        where TRequest : IMessage
    {
        _answers[typeof(TRequest)] = (request, context) => answers((TRequest)request, context);
        return this;
    }

    /// <summary>Refuses as the real agent does: a status, and the problem in the trailer.</summary>
    public FakeAgent Refuses<TRequest>(StatusCode status, Problem problem) where TRequest : IMessage =>
        On<TRequest>(_ => throw new RpcException(
            new Status(status, problem.Why), new Metadata { { "dmagents-problem-bin", problem.ToByteArray() } }));

    /// <summary>The test says what is answered.</summary>
    public bool Handles(IMessage request) => _answers.ContainsKey(request.GetType());

    public IAsyncEnumerable<IMessage> AnswersTo(IMessage request, ServerCallContext context)
    {
        Requests.Enqueue(request);
        return _answers.TryGetValue(request.GetType(), out var answers)
            ? answers(request, context)
            : throw new RpcException(new Status(StatusCode.Unimplemented, request.Descriptor.Name));
    }

    public async ValueTask DisposeAsync()
    {
        if (_application is not null)
        {
            // Calls that never end must not keep the test.
            await _application.StopAsync(new CancellationToken(canceled: true));
            await _application.DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }
}
