using DmAgents.EndToEnd.Tests.Support;

namespace DmAgents.EndToEnd.Tests.Images;

/// <summary>The sender of an archive hangs.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class StalledSenderTests(AgentFixture agent)
{
    private const string Image = "e2e/stalled:1";
    private const int MiB = 1 << 20;

    [Fact]
    public async Task After_image_sender_timeout_it_is_refused_with_the_reason_and_nothing_is_left()
    {
        await using var own = await OwnAgent.Start(agent, "stalled", more: "image.sender-timeout = 8s");
        var archive = await File.ReadAllBytesAsync(await SmallImage.Write("stalls", dataLength: 4 * MiB, seed: 65));
        var before = await ImportTraces.Before(agent.Kernel, own.Client, own.Places, own.Pool);
        using var silent = CliImport.Start(own.Places, own.Pool, "-", Image);
        using var stopped = CliImport.Start(own.Places, own.Pool, "-", Image);
        await silent.Send(archive.AsMemory(0, MiB));
        await stopped.Send(archive.AsMemory(0, 2 * MiB));
        await Archives.Arrive(own.Process, 2 * MiB);
        // It sends nothing, and takes no answer.
        await stopped.Signal("STOP");

        var refused = await silent.End();

        Assert.Equal(1, refused.Status);
        Assert.Contains("no byte has come for 8s, after 1 MiB of it", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("image.sender-timeout", refused.Errors, StringComparison.Ordinal);
        await before.MustBeGone(own.Process);
        await stopped.Signal("CONT");
        Assert.Contains("no byte has come for 8s", (await stopped.End()).Errors, StringComparison.Ordinal);
    }
}
