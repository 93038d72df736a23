using System.Collections.Concurrent;
using DmAgents.Agent.Registries;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Exports;
using DmAgents.Kernel.FileTrees;
using DmAgents.Testing.Files;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RegistryAccess = DmAgents.Api.Admin.V1.RegistryAccess;

namespace DmAgents.Agent.Tests.Exports;

/// <summary>Images from registries and to them, with a program of the test in the place of skopeo.</summary>
public sealed class RegistryTests : TwoAgents
{
    private readonly Transport _transport = new();

    internal override void More(IServiceCollection services) => services.AddSingleton<IImageTransport>(_transport);

    [Fact]
    public async Task An_image_of_the_registry_is_fetched_and_imported_and_its_layout_is_gone()
    {
        var replies = await Pull(new PullImageRequest
        {
            Image = "registry.example:5000/team/app:1.2", Platform = "linux/amd64",
            Access = new RegistryAccess { AuthFile = "/root/auth.json", Insecure = true },
        });

        var pulled = replies[^1].Pulled;
        Assert.Equal("", pulled.FromHost);
        Assert.Equal("registry.example:5000/team/app:1.2", pulled.Image.Reference);
        Assert.Single(pulled.Image.Layers);
        var copy = Assert.Single(_transport.Asked);
        Assert.Equal("docker://registry.example:5000/team/app:1.2", copy.Source);
        Assert.Equal(("/root/auth.json", true), (copy.AuthFile, copy.Insecure));
        Assert.Equal(new TransportPlatform("linux", "amd64", null), copy.Platform);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Target.Settings.SpoolDirectory, "dmagents-*"));
    }

    [Fact]
    public async Task In_a_fleet_the_other_hosts_are_asked_first()
    {
        await MakeImage(2);

        var pulled = (await Pull(new PullImageRequest { Image = App.Value, Reference = "mine:2" }))[^1].Pulled;

        Assert.Equal((HostOne.Value, "mine:2"), (pulled.FromHost, pulled.Image.Reference));
        Assert.Equal(2, pulled.Image.Layers.Count);
        Assert.Empty(_transport.Asked);
        await NothingIsLeft(Target);
    }

    [Theory]
    [InlineData("app:1", true)]
    [InlineData("other:1", false)]
    public async Task What_no_host_has_or_is_not_to_bring_comes_from_the_registry(string image, bool fromRegistry)
    {
        await MakeImage(1);

        var pulled = (await Pull(new PullImageRequest { Image = image, FromRegistry = fromRegistry }))[^1].Pulled;

        Assert.Equal(("", image), (pulled.FromHost, pulled.Image.Reference));
        Assert.Single(_transport.Asked);
    }

    [Theory]
    [InlineData(KernelFault.NotSupported, StatusCode.FailedPrecondition, "skopeo is not installed")]
    [InlineData(KernelFault.TimedOut, StatusCode.Internal, "the registry has stalled")]
    [InlineData(KernelFault.NoSpace, StatusCode.ResourceExhausted, "has no room for it")]
    [InlineData(KernelFault.Failed, StatusCode.Internal, "skopeo failed: why it did")]
    public async Task What_skopeo_cannot_do_is_refused_with_its_reason(KernelFault fault, StatusCode status, string why)
    {
        _transport.Fails = new KernelError(fault, 0, "skopeo", "docker://x", "why it did");

        var refused = await Assert.ThrowsAsync<RpcException>(() => Pull(new PullImageRequest { Image = "x:1" }));

        Assert.Equal(status, refused.StatusCode);
        Assert.Contains(why, refused.Status.Detail, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Target.Settings.SpoolDirectory, "dmagents-*"));
    }

    [Fact]
    public async Task What_is_no_reference_or_no_absolute_path_is_refused_before_anything_runs()
    {
        var image = await Assert.ThrowsAsync<RpcException>(
            () => Pull(new PullImageRequest { Image = "user:pass@host/x" }));
        var path = await Assert.ThrowsAsync<RpcException>(() => Pull(new PullImageRequest
        {
            Image = "x:1", Access = new RegistryAccess { AuthFile = "auth.json" },
        }));

        Assert.Equal((StatusCode.InvalidArgument, StatusCode.InvalidArgument), (image.StatusCode, path.StatusCode));
        Assert.Empty(_transport.Asked);
    }

    [Fact]
    public async Task A_pushed_image_is_exported_and_sent_and_its_layout_is_gone()
    {
        var layers = await MakeImage(2);
        var home = Directory.CreateTempSubdirectory("dmagents-push-").FullName;
        await File.WriteAllTextAsync($"{home}/file", "");
        ((FoldersAsMounts)Source.Get<IFileTrees>()).Otherwise = home;
        _transport.Meanwhile = copy => Assert.True(File.Exists($"{copy.Source["oci:".Length..]}/index.json"));

        using var call = new Api.Admin.V1.Registries.RegistriesClient(Source.AdminChannel).Push(new PushImageRequest
        {
            Image = App.Value, Destination = "registry.example/app:2",
        });
        PushedImage? pushed = null;
        while (await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience))
            pushed = call.ResponseStream.Current.Pushed ?? pushed;

        Assert.Equal((App.Value, "registry.example/app:2"), (pushed!.Reference, pushed.Destination));
        Assert.Equal("docker://registry.example/app:2", Assert.Single(_transport.Asked).Destination);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Source.Settings.SpoolDirectory, "dmagents-*"));
        Assert.Equal(2, layers.Count);
        await NothingIsLeft(Source);
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task A_caller_hears_that_it_goes_on_and_ends_the_program_when_it_goes()
    {
        var ended = new TaskCompletionSource();
        _transport.Waits = cancellation =>
        {
            cancellation.WaitHandle.WaitOne(Patience);
            ended.SetResult();
        };
        using (var gone = new CancellationTokenSource())
        using (var call = new Api.Admin.V1.Registries.RegistriesClient(Target.AdminChannel).Pull(
            new PullImageRequest { RequestId = NewRequest().ToString(), Image = "x:1" }, cancellationToken: gone.Token))
        {
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience));
            Assert.NotNull(call.ResponseStream.Current.Fetching);
            await Eventually(() => !_transport.Asked.IsEmpty, "the program runs");
            await gone.CancelAsync();
        }

        await ended.Task.WaitAsync(Patience);
        await Eventually(
            () => !Directory.EnumerateFileSystemEntries(Target.Settings.SpoolDirectory, "dmagents-*").Any(),
            "the layout is gone");
    }

    [Fact]
    public async Task What_a_crash_left_of_a_layout_is_swept()
    {
        using var layout = new RegistryLayout(Target.Settings.SpoolDirectory);
        await File.WriteAllTextAsync(Path.Combine(Path.GetDirectoryName(layout.Directory)!, "begun"), "x");

        RegistryLayout.Sweep(Target.Settings.SpoolDirectory);

        Assert.Empty(Directory.EnumerateFileSystemEntries(Target.Settings.SpoolDirectory, "dmagents-*"));
        Directory.CreateDirectory(Path.GetDirectoryName(layout.Directory)!);
    }

    private async Task<List<PullImageReply>> Pull(PullImageRequest request)
    {
        request.RequestId = NewRequest().ToString();
        using var call = new Api.Admin.V1.Registries.RegistriesClient(Target.AdminChannel).Pull(request);
        var replies = new List<PullImageReply>();
        while (await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience))
            replies.Add(call.ResponseStream.Current);
        return replies;
    }

    /// <summary>A registry that has one image under every name.</summary>
    private sealed class Transport : IImageTransport
    {
        public ConcurrentQueue<TransportCopy> Asked { get; } = new();

        public KernelError? Fails { get; set; }

        public Action<TransportCopy> Meanwhile { get; set; } = _ => { };

        public Action<CancellationToken> Waits { get; set; } = _ => { };

        public KernelResult Copy(TransportCopy copy, Func<KernelError?> watch, CancellationToken cancellation)
        {
            Asked.Enqueue(copy);
            Meanwhile(copy);
            Waits(cancellation);
            cancellation.ThrowIfCancellationRequested();
            if (Fails is { } error)
                return error;
            if (copy.Destination.StartsWith("oci:", StringComparison.Ordinal))
                Fill(copy.Destination["oci:".Length..]);
            return watch() is { } full ? full : KernelResult.Done;
        }

        private static void Fill(string layout)
        {
            var home = Directory.CreateTempSubdirectory("dmagents-registry-test-").FullName;
            File.WriteAllText($"{home}/file", "of the registry");
            Assert.True(LinuxFileTree.Open(home, out var tree).IsDone);
            using (tree)
            using (var export = new ImageExport(layout, ExportFormat.OciFolder, compress: true, new MemoryFiles()))
            {
                export.AddLayer(null, tree!, null, _ => { });
                export.Complete(
                    """{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"""u8.ToArray(),
                    new ImageReference("any:1"));
            }
            Directory.Delete(home, recursive: true);
        }
    }
}
