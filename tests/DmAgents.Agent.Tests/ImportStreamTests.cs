using System.Formats.Tar;
using DmAgents.Agent.Tests.Support;
using DmAgents.Api.Admin.V1;
using Google.Protobuf;
using Grpc.Core;

namespace DmAgents.Agent.Tests;

/// <summary>An archive that is sent leaves nothing on the disk, however its import ends.</summary>
public sealed class ImportStreamTests : IAsyncLifetime
{
    private ServedAgent _agent = null!;

    private Api.Admin.V1.Images.ImagesClient Client => new(_agent.AdminChannel);

    public async Task InitializeAsync() => _agent = await ServedAgent.Start();

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public async Task What_is_no_archive_is_refused_by_the_name_of_its_source()
    {
        var refused = await Refused(await Send(Start(), "no archive"u8.ToArray()));

        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.Contains("standard input", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.FailedPrecondition, (await Refused(await Send(Start()))).StatusCode);
        await MustBeGone();
    }

    [Fact]
    public async Task A_tar_that_is_cut_off_is_refused()
    {
        using var tar = new MemoryStream();
        await using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "a")
            {
                DataStream = new MemoryStream(new byte[100_000]),
            });
        }

        var refused = await Refused(await Send(Start(), tar.ToArray()[..50_000]));

        Assert.Contains("in the middle", refused.Status.Detail, StringComparison.Ordinal);
        await MustBeGone();
    }

    [Fact]
    public async Task What_there_is_no_room_for_is_refused_before_it_is_sent()
    {
        using var call = Client.ImportStream();
        await call.RequestStream.WriteAsync(Start(size: 1UL << 60));

        var refused = await Refused(call);

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        await MustBeGone();
    }

    [Fact]
    public async Task Bytes_without_a_start_and_a_start_without_a_pool_that_exists_are_refused()
    {
        using var call = Client.ImportStream();
        await call.RequestStream.WriteAsync(Data([1, 2, 3]));

        Assert.Equal(StatusCode.InvalidArgument, (await Refused(call)).StatusCode);
        var start = Start();
        start.Start.Request.Pool = "other";
        Assert.Equal(StatusCode.NotFound, (await Refused(await Send(start, [1]))).StatusCode);
    }

    [Fact]
    public async Task A_caller_that_gives_up_leaves_nothing()
    {
        using var cancel = new CancellationTokenSource();
        using var call = Client.ImportStream(cancellationToken: cancel.Token);
        await call.RequestStream.WriteAsync(Start());
        await call.RequestStream.WriteAsync(Data(new byte[1 << 20]));
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(
            (ImportProgress.Types.Phase.Receiving, 1UL << 20),
            (call.ResponseStream.Current.Progress.Phase, call.ResponseStream.Current.Progress.CompressedBytesRead));
        Assert.NotEmpty(Spools());

        await cancel.CancelAsync();

        await MustBeGone();
    }

    [Fact]
    public async Task An_agent_that_stops_does_not_wait_for_the_rest()
    {
        using var call = Client.ImportStream();
        await call.RequestStream.WriteAsync(Start());
        await call.RequestStream.WriteAsync(Data(new byte[1 << 20]));
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));

        _agent.BeginStop();
        var refused = await Refused(call);

        Assert.Equal(StatusCode.Unavailable, refused.StatusCode);
        await MustBeGone();
    }

    [Fact]
    public async Task A_sender_that_hangs_is_refused_with_the_reason_and_leaves_nothing()
    {
        await _agent.DisposeAsync();
        _agent = await ServedAgent.Start("image.sender-timeout = 5s");
        using var call = Client.ImportStream();
        await call.RequestStream.WriteAsync(Start());
        await call.RequestStream.WriteAsync(Data(new byte[1 << 20]));

        var refused = await Refused(call);

        Assert.Equal(StatusCode.Internal, refused.StatusCode);
        Assert.Contains("no byte has come for 5s, after 1 MiB", refused.Status.Detail, StringComparison.Ordinal);
        await MustBeGone();
        using var silent = Client.ImportStream();
        Assert.Contains("no byte has come", (await Refused(silent)).Status.Detail, StringComparison.Ordinal);
    }

    private static ImportStreamRequest Start(ulong size = 0) => new()
    {
        Start = new ImportStreamStart
        {
            SizeBytes = size,
            Request = new ImportImageRequest { RequestId = $"{Guid.NewGuid()}", Reference = "x:1" },
        },
    };

    private static ImportStreamRequest Data(byte[] bytes) => new() { Data = ByteString.CopyFrom(bytes) };

    private async Task<AsyncDuplexStreamingCall<ImportStreamRequest, ImportImageReply>> Send(
        ImportStreamRequest start, params byte[][] parts)
    {
        var call = Client.ImportStream();
        await call.RequestStream.WriteAsync(start);
        try
        {
            foreach (var part in parts)
                await call.RequestStream.WriteAsync(Data(part));
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception over) when (over is RpcException or InvalidOperationException)
        {
            // Refused already: the answer says why.
        }
        return call;
    }

    private static async Task<RpcException> Refused(
        AsyncDuplexStreamingCall<ImportStreamRequest, ImportImageReply> call)
    {
        using (call)
            return await Assert.ThrowsAsync<RpcException>(async () =>
            {
                while (await call.ResponseStream.MoveNext(CancellationToken.None))
                {
                }
            });
    }

    private static async Task MustBeGone()
    {
        for (var tries = 0; tries < 2400 && Spools().Length > 0; tries++)
            await Task.Delay(50);
        Assert.Empty(Spools());
    }

    /// <summary>Files without a name that this process has open still, for the agent runs in it.</summary>
    private static string[] Spools() =>
    [
        .. Directory.GetFiles("/proc/self/fd").Select(TargetOf)
            .Where(name => name.Contains("dmagents-spool", StringComparison.Ordinal)),
    ];

    private static string TargetOf(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.Name ?? "";
        }
        catch (FileNotFoundException)
        {
            // Closed since it was listed.
            return "";
        }
    }
}
