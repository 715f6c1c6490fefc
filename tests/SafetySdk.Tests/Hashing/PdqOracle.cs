using SafetySdk.Hashing;

namespace SafetySdk.Tests.Hashing;

/// <summary>PDQ written down step by step from its description, scalar and slow: what the fast one is measured by.</summary>
internal static class PdqOracle
{
    public static float[]? Luma64(byte[] rgb, int width, int height, PdqProfile profile, bool skipFilterAt64)
    {
        if (profile == PdqProfile.Cpp512 && (width > 512 || height > 512))
        {
            byte[] resized = new byte[512 * 512 * 3];
            for (int y = 0; y < 512; y++)
            {
                for (int x = 0; x < 512; x++)
                {
                    for (int c = 0; c < 3; c++)
                    {
                        resized[(((y * 512) + x) * 3) + c] = rgb[((((long)y * height / 512 * width) + ((long)x * width / 512)) * 3) + c];
                    }
                }
            }

            return Luma64(resized, 512, 512, PdqProfile.Full, skipFilterAt64);
        }

        if (width < 5 || height < 5)
        {
            return null;
        }

        float[] a = new float[width * height];
        for (int i = 0; i < a.Length; i++)
        {
            float red = 0.299f * rgb[3 * i];
            float green = 0.587f * rgb[(3 * i) + 1];
            float blue = 0.114f * rgb[(3 * i) + 2];
            a[i] = red + green + blue;
        }

        if (skipFilterAt64 && width == 64 && height == 64)
        {
            return a;
        }

        float[] b = new float[a.Length];
        int rowWindow = (width + 127) / 128;
        int columnWindow = (height + 127) / 128;
        for (int repetition = 0; repetition < 2; repetition++)
        {
            for (int y = 0; y < height; y++)
            {
                Box(a, b, y * width, 1, width, rowWindow);
            }

            for (int x = 0; x < width; x++)
            {
                Box(b, a, x, width, height, columnWindow);
            }
        }

        float[] result = new float[64 * 64];
        for (int i = 0; i < 64; i++)
        {
            for (int j = 0; j < 64; j++)
            {
                int y = (int)((i + 0.5) * height / 64);
                int x = (int)((j + 0.5) * width / 64);
                result[(i * 64) + j] = a[(y * width) + x];
            }
        }

        return result;
    }

    public static float[] Transform(float[] luma64)
    {
        float[] half = new float[16 * 64];
        for (int i = 0; i < 16; i++)
        {
            for (int j = 0; j < 64; j++)
            {
                float sum = 0;
                for (int k = 0; k < 64; k++)
                {
                    float product = PdqDctMatrix.Values[(i * 64) + k] * luma64[(k * 64) + j];
                    sum += product;
                }

                half[(i * 64) + j] = sum;
            }
        }

        float[] result = new float[256];
        for (int i = 0; i < 16; i++)
        {
            for (int j = 0; j < 16; j++)
            {
                float sum = 0;
                for (int k = 0; k < 64; k++)
                {
                    float product = half[(i * 64) + k] * PdqDctMatrix.Values[(j * 64) + k];
                    sum += product;
                }

                result[(i * 16) + j] = sum;
            }
        }

        return result;
    }

    private static void Box(float[] input, float[] output, int offset, int stride, int n, int w)
    {
        int h = (w + 2) / 2;
        float sum = 0;
        int count = 0;
        int r = 0;
        int l = 0;
        int o = 0;
        for (int i = 0; i < h - 1; i++)
        {
            sum += input[offset + (stride * r++)];
            count++;
        }

        for (int i = 0; i < w - h + 1; i++)
        {
            sum += input[offset + (stride * r++)];
            count++;
            output[offset + (stride * o++)] = sum / count;
        }

        for (int i = 0; i < n - w; i++)
        {
            sum += input[offset + (stride * r++)];
            sum -= input[offset + (stride * l++)];
            output[offset + (stride * o++)] = sum / count;
        }

        for (int i = 0; i < h - 1; i++)
        {
            sum -= input[offset + (stride * l++)];
            count--;
            output[offset + (stride * o++)] = sum / count;
        }
    }
}
