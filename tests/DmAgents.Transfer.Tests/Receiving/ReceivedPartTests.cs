using DmAgents.Domain.Units;
using DmAgents.Transfer.Receiving;

namespace DmAgents.Transfer.Tests.Receiving;

public sealed class ReceivedPartTests
{
    [Fact]
    public void Neighbouring_parts_of_one_kind_are_one_call_of_the_disk()
    {
        var joined = ReceivedPart.Joined(
            [Part(0, 256), Part(256, 256), Part(512, 64, zeros: true), Part(576, 64), Part(704, 64), Part(768, 256)]);

        Assert.Equal([Part(0, 512), Part(512, 64, zeros: true), Part(576, 64), Part(704, 320)], joined);
    }

    private static ReceivedPart Part(ulong start, ulong length, bool zeros = false) =>
        new(new ByteRange(ByteSize.KiB(start), ByteSize.KiB(length)), zeros);
}
