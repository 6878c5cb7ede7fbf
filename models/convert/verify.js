// Runs the expression network in its own runtime: node verify.js PACKAGE IMAGES RESULT
// PACKAGE is the unpacked npm package, IMAGES holds [N,112,112,3] floats. RESULT gets N×7 probabilities, then N×256 features.
"use strict";
const fs = require("fs");
const vm = require("vm");

const [folder, images, result] = process.argv.slice(2);

function floats(path) {
    const bytes = fs.readFileSync(path);
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

async function main() {
    // The bundle is made for browsers, and gets as much of one as it needs.
    Object.defineProperty(process, "versions", { value: {} });
    vm.runInThisContext(fs.readFileSync(`${folder}/dist/face-api.js`, "utf8"));
    const api = globalThis.faceapi ?? vm.runInThisContext("faceapi");
    class Absent {}
    const nothing = () => {};
    api.env.setEnv({
        Canvas: Absent, CanvasRenderingContext2D: Absent, Image: Absent, ImageData: Absent, Video: Absent,
        createCanvasElement: nothing, createImageElement: nothing, createVideoElement: nothing,
        fetch: nothing, readFile: nothing,
    });
    const tf = api.tf;
    tf.env().setPlatform("plain", { now: () => performance.now(), isTypedArray: (value) => ArrayBuffer.isView(value) });
    await tf.setBackend("cpu");
    await tf.ready();

    const model = `${folder}/model/face_expression_model`;
    const weights = JSON.parse(fs.readFileSync(`${model}-weights_manifest.json`))[0].weights;
    const bytes = fs.readFileSync(`${model}.bin`);
    const network = api.nets.faceExpressionNet;
    network.loadFromWeightMap(
        tf.io.decodeWeights(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength), weights),
    );

    const pixels = floats(images);
    const batch = tf.unstack(tf.tensor4d(pixels, [pixels.length / (112 * 112 * 3), 112, 112, 3]));
    const probabilities = await (await network.forwardInput(await api.toNetInput(batch))).data();
    const features = await network.faceFeatureExtractor.forwardInput(await api.toNetInput(batch)).data();
    fs.writeFileSync(result, Buffer.concat([Buffer.from(probabilities.buffer), Buffer.from(features.buffer)]));
}

main().catch((error) => {
    console.error(error.message);
    process.exit(1);
});
