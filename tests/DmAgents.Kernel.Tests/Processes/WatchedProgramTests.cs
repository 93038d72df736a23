using DmAgents.Domain.Ports;
using DmAgents.Kernel.Processes;

namespace DmAgents.Kernel.Tests.Processes;

/// <summary>Programs that may take any time while they make progress, and skopeo's command line.</summary>
public sealed class WatchedProgramTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    private static readonly SystemProgram Shell = new("sh", "dash");

    [Fact]
    public void A_program_that_succeeds_is_done_and_one_that_fails_says_why_with_its_last_words()
    {
        Assert.True(Run("exit 0", Long).Succeeded);

        var failed = Run(
            "i=0; while [ $i -lt 500 ]; do echo line $i >&2; i=$((i+1)); done; echo the reason >&2; exit 3", Long);

        Assert.Equal((KernelFault.Failed, 3), (failed.Error!.Fault, failed.Error.ExitStatus));
        Assert.EndsWith("the reason", failed.Error.Detail, StringComparison.Ordinal);
        Assert.InRange(failed.Error.Detail.Length, 1, 1100);
    }

    [Fact]
    public void One_that_is_not_installed_is_refused_with_its_package()
    {
        var missing = WatchedProgram.Run(
            new SystemProgram("no-such-program", "its-package"), "x", [], Long, () => null, CancellationToken.None);

        Assert.Equal(KernelFault.NotSupported, missing.Error!.Fault);
        Assert.EndsWith("apt-get install its-package", missing.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void One_without_progress_is_ended()
    {
        var stalled = Run("sleep 100000", TimeSpan.FromSeconds(2));

        Assert.Equal(KernelFault.TimedOut, stalled.Error!.Fault);
        Assert.Equal("no progress for 2 s", stalled.Error.Detail);
    }

    [Fact]
    public void One_that_its_watcher_gives_up_is_ended_with_the_watcher_s_reason()
    {
        var reason = new KernelError(KernelFault.NoSpace, 0, "sh", "x", "full");

        var ended = WatchedProgram.Run(Shell, "x", ["-c", "sleep 100000"], Long, () => reason, CancellationToken.None);

        Assert.Equal(reason, ended.Error);
    }

    [Fact]
    public async Task One_that_is_cancelled_is_ended()
    {
        using var cancelled = new CancellationTokenSource();
        var running = Task.Run(() => WatchedProgram.Run(
            Shell, "x", ["-c", "sleep 100000"], Long, () =>
            {
                cancelled.Cancel();
                return null;
            }, cancelled.Token), CancellationToken.None);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(TimeSpan.FromMinutes(2)));
    }

    [Fact]
    public void Skopeo_is_told_what_was_asked_and_takes_nothing_of_it_for_an_option()
    {
        Assert.Equal(
            ["copy", "--", "docker://a:1", "oci:/dir"],
            SkopeoTransport.Arguments(new TransportCopy("docker://a:1", "oci:/dir", Long)));
        Assert.Equal(
            [
                "--override-os", "linux", "--override-arch", "arm", "--override-variant", "v7", "copy", "--authfile",
                "/f", "--src-tls-verify=false", "--dest-tls-verify=false", "--", "-x", "oci:/dir",
            ],
            SkopeoTransport.Arguments(new TransportCopy("-x", "oci:/dir", Long)
            {
                AuthFile = "/f", Insecure = true, Platform = new TransportPlatform("linux", "arm", "v7"),
            }));
    }

    private static KernelResult Run(string script, TimeSpan stall) =>
        WatchedProgram.Run(Shell, "x", ["-c", script], stall, () => null, CancellationToken.None);
}
